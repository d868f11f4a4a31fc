/**
 * The tables of the Integration Client guides (chapter "SQL Server Storage Database"), spelling and order as printed.
 * They are an interface: dashboards read this database. Nothing is ever added to them; what the guides have no column
 * for stands in tables of our own (`ic_…`, own-schema.ts).
 *
 * - `id`: auto-incrementing key; `session`, `event` and `report`: foreign keys that cascade
 * - `text`: of any length; `name`: a text people group by, `key` and `long`: one they look up by, all three with a
 *   length where the database needs one; `exact`: a key that is compared character by character
 * - `integer`; `flag`: 1 or 0; `time`: UTC, to the second (SQLite: text `YYYY-MM-DD HH:MM:SS`)
 */
export type ColumnKind =
  | 'id'
  | 'session'
  | 'event'
  | 'report'
  | 'text'
  | 'name'
  | 'key'
  | 'long'
  | 'exact'
  | 'integer'
  | 'flag'
  | 'time';

/** Neither a key that numbers itself nor one that points to a parent. */
export function isData(kind: ColumnKind): boolean {
  return kind !== 'id' && kind !== 'session' && kind !== 'event' && kind !== 'report';
}

export const guideTables = {
  session: {
    id: 'id',
    lsid: 'key',
    type: 'name',
    start_time: 'time',
    end_time: 'time',
    duration: 'name',
    file_transfers: 'integer',
    host_name: 'key',
    external_key: 'long',
    public_site_id: 'integer',
    public_site_name: 'name',
    lseq: 'integer',
    Jump_group_id: 'integer',
    Jump_group_name: 'name',
    Jump_group_type: 'name',
  },
  session_event: {
    id: 'id',
    session_id: 'session',
    type: 'name',
    event_time: 'time',
    performed_by: 'name',
    performed_by_type: 'name',
    destination: 'name',
    destination_type: 'name',
  },
  session_event_data: { id: 'id', session_event_id: 'event', name: 'name', value: 'text' },
  system_information: { id: 'id', session_event_id: 'event', category: 'name', information: 'text' },
  representative: {
    id: 'id',
    gs_number: 'integer',
    session_id: 'session',
    user_id: 'integer',
    user_name: 'name',
    display_name: 'name',
    public_display_name: 'name',
    display_number: 'integer',
    public_ip: 'name',
    private_ip: 'name',
    is_owner: 'flag',
    is_primary: 'flag',
    duration: 'integer',
    host_name: 'name',
    operating_system: 'name',
  },
  customer: {
    id: 'id',
    session_id: 'session',
    gs_number: 'integer',
    issue: 'integer',
    issue_description: 'text',
    display_name: 'name',
    company_name: 'name',
    company_code: 'name',
    public_ip: 'name',
    private_ip: 'name',
    rpat_support: 'flag',
    host_name: 'name',
    operating_system: 'name',
  },
  team: { id: 'id', session_id: 'session', team_id: 'integer', name: 'name', is_primary: 'flag' },
  custom_attribute: {
    id: 'id',
    session_id: 'session',
    display_name: 'name',
    code_name: 'name',
    value: 'text',
  },
} as const satisfies Record<string, Record<string, ColumnKind>>;

export type GuideTable = keyof typeof guideTables;
/** The columns of a table that carry data: neither its key nor a foreign key. */
export type DataColumn<T extends GuideTable> = {
  [C in keyof (typeof guideTables)[T]]: (typeof guideTables)[T][C] extends 'id' | 'session' | 'event'
    ? never
    : C;
}[keyof (typeof guideTables)[T]];

export const guideTableNames = Object.keys(guideTables) as readonly GuideTable[];

/** The PRA guide's names for two tables of the RS guide: views here, unless a database has them as tables. */
export const guideAliases: Readonly<Partial<Record<GuideTable, string>>> = {
  representative: 'user',
  customer: 'endpoint',
};

/** Columns looked up or joined by, in tables that we made: an existing table is never altered. */
export const guideIndexes: Readonly<Record<GuideTable, readonly (readonly string[])[]>> = {
  session: [['host_name', 'lsid'], ['lsid'], ['start_time'], ['end_time'], ['external_key']],
  session_event: [['session_id'], ['event_time']],
  session_event_data: [['session_event_id']],
  system_information: [['session_event_id']],
  representative: [['session_id']],
  customer: [['session_id']],
  team: [['session_id']],
  custom_attribute: [['session_id']],
};

export function columnsOf(table: GuideTable): readonly (readonly [name: string, kind: ColumnKind])[] {
  return Object.entries(guideTables[table]);
}

/** `session_id`, `session_event_id`, or none for the root table. */
export function parentColumn(table: GuideTable): string | undefined {
  return columnsOf(table).find(([, kind]) => kind === 'session' || kind === 'event')?.[0];
}

export function namesOfColumns(table: GuideTable): readonly string[] {
  return columnsOf(table).map(([name]) => name);
}

/** The names a table of the guides may stand under. */
export function namesOf(table: GuideTable): readonly string[] {
  const alias = guideAliases[table];
  return alias === undefined ? [table] : [table, alias];
}
