import { DatabaseSync } from 'node:sqlite';
import type { Session } from '../../shared/sessions/session.ts';

type Value = string | number | null;
type Row = Readonly<Record<string, Value>>;

/** A session as the guides' tables hold it, keys left out: `session_id` and `session_event_id` show as nesting. */
export interface SessionInSql {
  readonly session: Row;
  readonly events: readonly {
    readonly event: Row;
    readonly data: readonly Row[];
    readonly info: readonly Row[];
  }[];
  readonly representatives: readonly Row[];
  readonly customers: readonly Row[];
  readonly teams: readonly Row[];
  readonly customAttributes: readonly Row[];
}

/**
 * What the guides' chapter "SQL Server Storage Database" asks for, written from the guides and docs/sql-columns.md and
 * from nothing of the product's own mapping.
 */
export function sessionInSql(
  truth: Session,
  { host, systemInformation }: { readonly host: string; readonly systemInformation: boolean },
): SessionInSql {
  const primaryUser = truth.primaryRepresentative?.gsNumber;
  return {
    session: {
      lsid: truth.lsid,
      type: truth.type,
      start_time: utc(truth.startTime),
      end_time: utc(truth.endTime),
      duration: truth.duration,
      file_transfers: truth.fileTransferCount,
      host_name: host,
      external_key: truth.externalKey,
      public_site_id: number(truth.publicSite?.id) ?? 1,
      public_site_name: truth.publicSite?.name ? truth.publicSite.name : 'Default',
      lseq: number(truth.lseq),
      Jump_group_id: number(truth.jumpGroup?.id),
      Jump_group_name: truth.jumpGroup?.name ?? null,
      Jump_group_type: truth.jumpGroup?.type ?? null,
    },
    events: truth.events.map((event) => ({
      event: {
        type: event.type,
        event_time: utc(event.time),
        performed_by: event.performedBy?.name ?? null,
        performed_by_type: event.performedBy?.type ?? null,
        destination: event.destination?.name ?? null,
        destination_type: event.destination?.type ?? null,
      },
      data: event.data.filter(([name]) => !name.endsWith('_url')).map(([name, value]) => ({ name, value })),
      info: systemInformation
        ? event.systemInformation.map(({ category, information }) => ({ category, information }))
        : [],
    })),
    representatives: truth.representatives.map((user) => ({
      gs_number: number(user.gsNumber),
      user_id: number(user.userId),
      user_name: user.userName,
      display_name: user.privateDisplayName || user.displayName,
      public_display_name: user.publicDisplayName,
      display_number: null,
      public_ip: user.publicIp,
      private_ip: user.privateIp,
      is_owner: flag(user.isOwner),
      is_primary: flag(user.isPrimary ?? (primaryUser ? user.gsNumber === primaryUser : null)),
      duration: user.secondsInvolved,
      host_name: user.hostName,
      operating_system: user.operatingSystem,
    })),
    customers: truth.customers.map((customer) => ({
      gs_number: number(customer.gsNumber),
      issue: number(customer.issue),
      issue_description: customer.issueDescription,
      display_name: customer.name || customer.userName,
      company_name: customer.companyName,
      company_code: customer.companyCode,
      public_ip: customer.publicIp,
      private_ip: customer.privateIp,
      rpat_support: null,
      host_name: customer.hostName,
      operating_system: customer.operatingSystem,
    })),
    teams: truth.teams.map((team) => ({
      team_id: number(team.id),
      name: team.name,
      is_primary: flag(team.isPrimary ?? (truth.primaryTeam ? team.id === truth.primaryTeam.id : null)),
    })),
    customAttributes: truth.customAttributes.map((attribute) => ({
      display_name: attribute.displayName,
      code_name: attribute.codeName,
      value: attribute.value,
    })),
  };
}

function utc(seconds: number | null): string | null {
  if (seconds === null) return null;
  const time = new Date(seconds * 1000);
  const two = (part: number) => String(part).padStart(2, '0');
  const date = [time.getUTCFullYear(), two(time.getUTCMonth() + 1), two(time.getUTCDate())].join('-');
  return `${date} ${[time.getUTCHours(), time.getUTCMinutes(), time.getUTCSeconds()].map(two).join(':')}`;
}

function number(text: string | null | undefined): number | null {
  return text === null || text === undefined || text === '' ? null : Number.parseInt(text, 10);
}

function flag(value: boolean | null): number | null {
  return value === null ? null : value ? 1 : 0;
}

export interface SqlContent {
  /** lsid → what the tables hold of it, for one recorded host. */
  sessions(host: string): Map<string, SessionInSql>;
  /** Every row of every table with its keys, as one text a row: equal contents give equal lists. */
  dump(): string[];
  count(table: string): number;
}

/** Reads a SQLite session database with statements of its own. */
export function readSqlContent(path: string): SqlContent {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const names = ['session', 'session_event', 'session_event_data', 'system_information'];
    names.push('representative', 'customer', 'team', 'custom_attribute', 'user', 'endpoint', 'ic_session');
    const tables = new Map(
      names.map((name) => [name, database.prepare(`SELECT * FROM "${name}" ORDER BY 1`).all() as Row[]]),
    );
    return {
      sessions: (host) => nested(tables, host),
      dump: () => [...tables].flatMap(([name, rows]) => rows.map((row) => `${name} ${JSON.stringify(row)}`)),
      count: (table) => tables.get(table)?.length ?? 0,
    };
  } finally {
    database.close();
  }
}

function nested(tables: ReadonlyMap<string, readonly Row[]>, host: string): Map<string, SessionInSql> {
  const children = (table: string, parent: string) =>
    Map.groupBy(tables.get(table) ?? [], (row) => row[parent] ?? null);
  const bare = ({ id: _id, session_id: _session, session_event_id: _event, ...rest }: Row): Row => rest;
  const data = children('session_event_data', 'session_event_id');
  const info = children('system_information', 'session_event_id');
  const events = children('session_event', 'session_id');
  const of = (table: string) => children(table, 'session_id');
  const people = [of('representative'), of('customer'), of('team'), of('custom_attribute')] as const;
  const found = new Map<string, SessionInSql>();
  for (const row of tables.get('session') ?? []) {
    if (row.host_name !== host) continue;
    const id = row.id ?? null;
    const [representatives, customers, teams, customAttributes] = people.map((rows) =>
      (rows.get(id) ?? []).map(bare),
    ) as [Row[], Row[], Row[], Row[]];
    const lsid = String(row.lsid);
    if (found.has(lsid)) throw new Error(`${host} ${lsid} is there twice`);
    found.set(lsid, {
      session: bare(row),
      events: (events.get(id) ?? []).map((event) => ({
        event: bare(event),
        data: (data.get(event.id ?? null) ?? []).map(bare),
        info: (info.get(event.id ?? null) ?? []).map(bare),
      })),
      representatives,
      customers,
      teams,
      customAttributes,
    });
  }
  return found;
}
