/**
 * The tables of the Integration Client guides (chapter "SQL Server Storage Database"), spelling and order as printed.
 * They are an interface: dashboards read this database. Nothing is ever added to them; what the guides have no column
 * for stands in tables of our own (`ic_…`).
 *
 * - `id`: auto-incrementing key; `session` and `event`: foreign keys that cascade
 * - `text`, `integer`; `flag`: 1 or 0; `time`: UTC, to the second (SQLite: text `YYYY-MM-DD HH:MM:SS`)
 */
export type ColumnKind = 'id' | 'session' | 'event' | 'text' | 'integer' | 'flag' | 'time';

export const guideTables = {
  session: {
    id: 'id',
    lsid: 'text',
    type: 'text',
    start_time: 'time',
    end_time: 'time',
    duration: 'text',
    file_transfers: 'integer',
    host_name: 'text',
    external_key: 'text',
    public_site_id: 'integer',
    public_site_name: 'text',
    lseq: 'integer',
    Jump_group_id: 'integer',
    Jump_group_name: 'text',
    Jump_group_type: 'text',
  },
  session_event: {
    id: 'id',
    session_id: 'session',
    type: 'text',
    event_time: 'time',
    performed_by: 'text',
    performed_by_type: 'text',
    destination: 'text',
    destination_type: 'text',
  },
  session_event_data: { id: 'id', session_event_id: 'event', name: 'text', value: 'text' },
  system_information: { id: 'id', session_event_id: 'event', category: 'text', information: 'text' },
  representative: {
    id: 'id',
    gs_number: 'integer',
    session_id: 'session',
    user_id: 'integer',
    user_name: 'text',
    display_name: 'text',
    public_display_name: 'text',
    display_number: 'integer',
    public_ip: 'text',
    private_ip: 'text',
    is_owner: 'flag',
    is_primary: 'flag',
    duration: 'integer',
    host_name: 'text',
    operating_system: 'text',
  },
  customer: {
    id: 'id',
    session_id: 'session',
    gs_number: 'integer',
    issue: 'integer',
    issue_description: 'text',
    display_name: 'text',
    company_name: 'text',
    company_code: 'text',
    public_ip: 'text',
    private_ip: 'text',
    rpat_support: 'flag',
    host_name: 'text',
    operating_system: 'text',
  },
  team: { id: 'id', session_id: 'session', team_id: 'integer', name: 'text', is_primary: 'flag' },
  custom_attribute: {
    id: 'id',
    session_id: 'session',
    display_name: 'text',
    code_name: 'text',
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
