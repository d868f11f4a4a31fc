import type { config as PoolConfig } from 'mssql';
import { azureIdentity } from '../../state/azure-identity.ts';
import { readConnectionString } from './connection-string.ts';

/** What a connection string says, checked. */
export interface MssqlTarget {
  readonly server: string;
  readonly port: number | undefined;
  readonly instance: string | undefined;
  readonly database: string;
  readonly login:
    | { readonly kind: 'password'; readonly user: string; readonly password: string }
    | { readonly kind: 'identity'; readonly clientId: string | undefined };
  readonly encrypt: boolean;
  readonly trustServerCertificate: boolean;
  readonly serverName: string | undefined;
  readonly connectTimeoutMs: number;
  readonly applicationName: string;
  readonly multiSubnetFailover: boolean;
  readonly packetSize: number;
}

/**
 * Bytes of a TDS packet. Over a fast link a batch of JSON goes best in large packets; TLS allows no more than this
 * (`npm run bench -- sql` measures).
 */
const PACKET_SIZE = 16_384;
const identities = new Set([
  'active directory default',
  'active directory managed identity',
  'active directory msi',
  'activedirectorydefault',
  'activedirectorymanagedidentity',
]);

/** Throws an Error in one line that repeats no value of the string but names. */
export function readTarget(connectionString: string): MssqlTarget {
  const values = readConnectionString(connectionString);
  const flag = (name: string) => /^(true|yes|1)$/i.test(values.get(name) ?? '');
  const number = (name: string, standard: number, least: number, most: number) => {
    const text = values.get(name);
    if (text === undefined) return standard;
    const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) throw new Error(`${name}: a number from ${least} to ${most}`);
    return value;
  };
  const { server, port, instance } = readServer(values.get('server') ?? '');
  const database = values.get('database') ?? '';
  if (database === '') throw new Error('it names no Database');
  if (flag('integrated security') || /^sspi$/i.test(values.get('integrated security') ?? ''))
    throw new Error('Integrated Security is for Windows only; use Authentication=Active Directory Default');
  const loopback = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(server);
  const encrypt = !/^(false|no|0|optional)$/i.test(values.get('encrypt') ?? 'true');
  if (!encrypt && !loopback) throw new Error('Encrypt may not be off: connections are always encrypted');
  if (flag('trustservercertificate') && !loopback)
    throw new Error('TrustServerCertificate may not be on: give the certificate authority instead');
  return {
    server,
    port,
    instance,
    database,
    login: readLogin(values),
    encrypt,
    trustServerCertificate: flag('trustservercertificate'),
    serverName: values.get('hostnameincertificate'),
    connectTimeoutMs: 1000 * number('timeout', 30, 1, 600),
    applicationName: values.get('application name') ?? 'Integration Client',
    multiSubnetFailover: flag('multisubnetfailover'),
    packetSize: number('packet size', PACKET_SIZE, 512, 32_767),
  };
}

function readLogin(values: ReadonlyMap<string, string>): MssqlTarget['login'] {
  const authentication = (values.get('authentication') ?? 'sqlpassword').trim().toLowerCase();
  const user = values.get('user') ?? '';
  const password = values.get('password') ?? '';
  if (identities.has(authentication)) {
    if (password !== '') throw new Error('a managed identity has no password');
    return { kind: 'identity', clientId: user === '' ? undefined : user };
  }
  if (authentication.replaceAll(' ', '') !== 'sqlpassword')
    throw new Error(
      'Authentication can be Active Directory Default, Active Directory Managed Identity or SqlPassword',
    );
  if (user === '') throw new Error('it names neither a user nor Authentication=Active Directory Default');
  return { kind: 'password', user, password };
}

/** `tcp:host,port`, `host`, `host\instance`. */
function readServer(text: string): Pick<MssqlTarget, 'server' | 'port' | 'instance'> {
  const match =
    /^(?:tcp:)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?:\\([A-Za-z0-9_$]+))?(?:,\s*(\d{1,5}))?$/i.exec(
      text.trim(),
    );
  const [, host = '', instance, port] = match ?? [];
  if (host === '') throw new Error('it names no Server (tcp:NAME,PORT)');
  const server =
    host === '.' || host.toLowerCase() === '(local)' ? 'localhost' : host.replaceAll(/[[\]]/g, '');
  return { server, instance, port: port === undefined ? undefined : Number(port) };
}

/** What is wrong with a connection string that stands in the settings, where everybody may read it. */
export function connectionStringFault(text: string): string | undefined {
  try {
    const target = readTarget(text);
    if (target.login.kind === 'password')
      return 'a user and password belong into a secret; give its name as connectionSecret';
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** `server,port/database`: where the data are, whoever logs in. */
export function targetPlace({ server, port, instance, database }: MssqlTarget): string {
  const at = instance === undefined ? `${server},${port ?? 1433}` : `${server}\\${instance}`;
  return `${at}/${database}`.toLowerCase();
}

export function poolConfig(target: MssqlTarget, certificateAuthority: string | undefined): PoolConfig {
  const { login, instance } = target;
  return {
    server: target.server,
    ...(target.port === undefined ? {} : { port: target.port }),
    database: target.database,
    ...(login.kind === 'password'
      ? { user: login.user, password: login.password }
      : identity(login.clientId)),
    connectionTimeout: target.connectTimeoutMs,
    // A batch may wait for another writer, and for a small database whose log is full.
    requestTimeout: 300_000,
    // Who waits for another writer of its host holds a connection meanwhile.
    pool: { max: 8, min: 0, idleTimeoutMillis: 60_000, acquireTimeoutMillis: 60_000 },
    options: {
      encrypt: target.encrypt,
      trustServerCertificate: target.trustServerCertificate,
      ...(target.serverName === undefined ? {} : { serverName: target.serverName }),
      ...(instance === undefined ? {} : { instanceName: instance }),
      ...(certificateAuthority === undefined
        ? {}
        : { cryptoCredentialsDetails: { ca: certificateAuthority } }),
      appName: target.applicationName,
      multiSubnetFailover: target.multiSubnetFailover,
      packetSize: target.packetSize,
      useUTC: true,
    },
  };
}

/** The types of the package know no credential of one's own; tedious takes one. It keeps and renews its tokens. */
function identity(clientId: string | undefined): Partial<PoolConfig> {
  const authentication = { type: 'token-credential', options: { credential: azureIdentity(clientId) } };
  return { authentication } as unknown as Partial<PoolConfig>;
}
