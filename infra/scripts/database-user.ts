import { setTimeout as pause } from 'node:timers/promises';
import type { Azure } from './azure-rest.ts';
import type { SqlSession } from './sql-session.ts';

const API = 'api-version=2025-01-01';
const RULE = 'post-provision';
/** A serverless database wakes up; rules of the firewall take up to five minutes (documented). */
const ATTEMPTS = 20;
const BETWEEN = 15_000;

export interface DatabaseUser {
  /** Resource id of the SQL server. */
  readonly serverId: string;
  /** Whether the server is to be reached from the virtual network only when this is done. */
  readonly isPrivate: boolean;
  readonly name: string;
  readonly clientId: string;
  /** Whether tables are made on first use, or a DBA runs the printed script. */
  readonly mayMakeTables: boolean;
}

// The identifier of a user of Microsoft Entra ID is its client id: with it, the server need not ask Entra ID, which
// takes a directory role. Names are values here and become identifiers by QUOTENAME alone.
const STATEMENTS = `
DECLARE @sid varbinary(16) = CAST(CAST(@clientId AS uniqueidentifier) AS varbinary(16)), @statement nvarchar(max);
IF EXISTS (SELECT 1 FROM sys.database_principals WHERE name = @name AND sid <> @sid)
BEGIN
  SET @statement = N'DROP USER ' + QUOTENAME(@name);
  EXEC (@statement);
END;
IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = @name)
BEGIN
  SET @statement = N'CREATE USER ' + QUOTENAME(@name) + N' WITH SID = ' + CONVERT(nvarchar(34), @sid, 1) + N', TYPE = E';
  EXEC (@statement);
END;
SET @statement = N'ALTER ROLE db_datareader ADD MEMBER ' + QUOTENAME(@name) + N'; ALTER ROLE db_datawriter ADD MEMBER '
  + QUOTENAME(@name) + N'; ALTER ROLE db_ddladmin ' + CASE WHEN @mayMakeTables = 1 THEN N'ADD' ELSE N'DROP' END
  + N' MEMBER ' + QUOTENAME(@name);
EXEC (@statement);`;

/**
 * Makes the database user of the functions' identity. The server lets this machine in for as long as that takes, and
 * not a moment longer: the rule is removed and public access closed again whatever happens.
 */
export async function ensureDatabaseUser(
  azure: Azure,
  run: SqlSession,
  { serverId, isPrivate, name, clientId, mayMakeTables }: DatabaseUser,
  wait: (ms: number) => Promise<unknown> = pause,
): Promise<void> {
  const access = (publicNetworkAccess: 'Enabled' | 'Disabled') =>
    azure.call('PATCH', `${serverId}?${API}`, { properties: { publicNetworkAccess } });
  const rule = `${serverId}/firewallRules/${RULE}?${API}`;
  try {
    if (isPrivate) await access('Enabled');
    for (let attempt = 1; ; attempt++) {
      try {
        await run(STATEMENTS, { name, clientId, mayMakeTables: mayMakeTables ? 1 : 0 });
        return;
      } catch (error) {
        const address = refusedAddress(error);
        if (attempt === ATTEMPTS || !(address || isWaking(error))) throw error;
        if (address)
          await azure.call('PUT', rule, {
            properties: { startIpAddress: address, endIpAddress: address },
          });
        await wait(BETWEEN);
      }
    }
  } finally {
    await azure.call('DELETE', rule, undefined, [404]);
    if (isPrivate) await access('Disabled');
  }
}

/** The server's own word on where we come from: 40615, "Client with IP address '…' is not allowed". */
function refusedAddress(error: unknown): string | undefined {
  const { number, message } = error as { number?: number; message?: string };
  if (number !== 40615 && !/not allowed to access the server/i.test(message ?? '')) return undefined;
  return /'(\d{1,3}(?:\.\d{1,3}){3})'/.exec(message ?? '')?.[1];
}

/** Waking up (40613), public access that is not open yet (47073), or no connection at all. */
function isWaking(error: unknown): boolean {
  const { number, code } = error as { number?: number; code?: string };
  return (
    [40613, 40197, 40501, 47073].includes(number ?? 0) ||
    ['ETIMEOUT', 'ESOCKET', 'ECONNCLOSED'].includes(code ?? '')
  );
}
