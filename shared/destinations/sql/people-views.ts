import type { LaidOutTable } from './sql-layout.ts';
import { type ColumnKind, columnsOf, type GuideTable, namesOfColumns } from './sql-schema.ts';

/** What the views need said in the database's own words. Arguments and results are SQL. */
export interface ViewDialect {
  quoted(name: string): string;
  /** A table's name as it is to be referred to from anywhere. */
  table(name: string): string;
  /** `name=value`. */
  pair(name: string, value: string): string;
  /** All values of a group in one text, parted by `, `. */
  joined(text: string): string;
  secondsBetween(from: string, to: string): string;
  dayOf(time: string): string;
}

/** Which columns the tables of the guides have; those an existing database lacks are shown as NULL. */
export type ViewTables = (table: GuideTable) => { readonly name: string; has(column: string): boolean };

export const completeTables: ViewTables = (table) => ({
  name: table,
  has: (column) => namesOfColumns(table).includes(column),
});

export function viewTables(tables: Readonly<Record<GuideTable, readonly LaidOutTable[]>>): ViewTables {
  return (table) => {
    const place = tables[table][0];
    if (place === undefined) throw new Error(`no table for ${table}`);
    return { name: place.name, has: (column) => place.columns.has(column) };
  };
}

export const peopleViewNames = [
  'ic_session_overview',
  'ic_event_timeline',
  'ic_user_totals',
  'ic_day_totals',
] as const;

/**
 * Views for people and their tools: one row a session with its people, endpoint, counts and the stored files; the
 * timeline of events; totals by user and by day (UTC). Each is a SELECT that every SQL dialect here takes.
 */
export function peopleViews(
  sql: ViewDialect,
  tables: ViewTables,
): readonly { readonly name: (typeof peopleViewNames)[number]; readonly select: string }[] {
  const of = (table: GuideTable, alias: string) => {
    const { has } = tables(table);
    const kinds = new Map<string, ColumnKind>(columnsOf(table));
    return (column: string) =>
      has(column) ? `${alias}.${sql.quoted(column)}` : `CAST(NULL AS ${nullType(kinds.get(column))})`;
  };
  const from = (table: GuideTable, alias: string) => `${sql.table(tables(table).name)} ${alias}`;
  const [s, e, d] = [of('session', 's'), of('session_event', 'e'), of('session_event_data', 'd')];
  const [r, c, t] = [of('representative', 'r'), of('customer', 'c'), of('team', 't')];
  const seconds = sql.secondsBetween(s('start_time'), s('end_time'));
  const list = (value: string, table: GuideTable, alias: string) =>
    `(SELECT ${sql.joined(value)} FROM ${from(table, alias)} WHERE ${alias}.session_id = s.id)`;
  const count = (table: string) => `(SELECT COUNT(*) FROM ${table})`;
  const files = `FROM ${sql.table('ic_file')} f WHERE f.host_name = i.host_name AND f.lsid = i.lsid`;
  const session = ['lsid', 'host_name', 'type', 'start_time', 'end_time', 'duration', 'external_key'];
  return [
    {
      name: 'ic_session_overview',
      select: `SELECT s.id AS session_id, ${session.map((column) => `${s(column)} AS ${sql.quoted(column)}`).join(', ')},
  ${seconds} AS seconds,
  ${s('public_site_name')} AS public_site_name, ${s('Jump_group_name')} AS jump_group_name,
  i.jumpoint_name, ${s('file_transfers')} AS file_transfers, i.file_move_count, i.file_delete_count,
  ${list(r('display_name'), 'representative', 'r')} AS representatives,
  ${list(c('display_name'), 'customer', 'c')} AS customers,
  ${list(c('host_name'), 'customer', 'c')} AS endpoints,
  ${list(t('name'), 'team', 't')} AS teams,
  ${count(`${from('session_event', 'e')} WHERE e.session_id = s.id`)} AS event_count,
  (SELECT COUNT(*) ${files}) AS file_count,
  (SELECT ${sql.joined('f.name')} ${files}) AS files,
  i.site_id, i.appliance_id, i.closed, i.stored_at
FROM ${from('session', 's')} LEFT JOIN ${sql.table('ic_session')} i ON i.session_id = s.id`,
    },
    {
      name: 'ic_event_timeline',
      select: `SELECT e.id AS session_event_id, e.session_id, ${s('host_name')} AS host_name, ${s('lsid')} AS lsid,
  ${e('event_time')} AS event_time, ${e('type')} AS type,
  ${e('performed_by')} AS performed_by, ${e('performed_by_type')} AS performed_by_type,
  ${e('destination')} AS destination, ${e('destination_type')} AS destination_type,
  (SELECT ${sql.joined(sql.pair(d('name'), d('value')))} FROM ${from('session_event_data', 'd')} WHERE d.session_event_id = e.id) AS details
FROM ${from('session_event', 'e')} JOIN ${from('session', 's')} ON s.id = e.session_id`,
    },
    {
      name: 'ic_user_totals',
      select: `SELECT ${s('host_name')} AS host_name, ${r('user_id')} AS user_id, MAX(${r('user_name')}) AS user_name,
  MAX(${r('display_name')}) AS display_name, COUNT(DISTINCT s.id) AS sessions,
  COUNT(DISTINCT CASE WHEN ${r('is_owner')} = 1 THEN s.id END) AS sessions_owned,
  SUM(${r('duration')}) AS seconds, MIN(${s('start_time')}) AS first_session, MAX(${s('start_time')}) AS last_session
FROM ${from('representative', 'r')} JOIN ${from('session', 's')} ON s.id = r.session_id
GROUP BY ${groups([s('host_name'), r('user_id')])}`,
    },
    {
      name: 'ic_day_totals',
      select: `SELECT ${s('host_name')} AS host_name, ${sql.dayOf(s('start_time'))} AS day, COUNT(*) AS sessions,
  SUM(CASE WHEN ${s('end_time')} IS NULL THEN 1 ELSE 0 END) AS without_end,
  SUM(${seconds}) AS seconds, SUM(${s('file_transfers')}) AS file_transfers
FROM ${from('session', 's')}
GROUP BY ${groups([s('host_name'), sql.dayOf(s('start_time'))])}`,
    },
  ];
}

/** A type that both databases know by name. */
function nullType(kind: ColumnKind | undefined): string {
  if (kind === 'integer' || kind === 'flag') return 'bigint';
  return kind === 'time' ? 'datetime' : 'nvarchar(450)';
}

/** What an existing table lacks is no group. */
function groups(expressions: readonly string[]): string {
  return expressions.filter((expression) => !expression.includes('NULL')).join(', ');
}
