import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import {
  columnsOf,
  type GuideTable,
  guideTableNames,
  parentColumn,
} from '../../shared/destinations/sql/sql-schema.ts';

type Values = Readonly<Record<string, unknown>>;

/** One session with all that hangs on it; keys that the database gives out are apart or left out. */
export interface SqlSession {
  readonly id: number;
  readonly lsid: string;
  readonly host: string;
  readonly own: Values;
  readonly tables: Readonly<Record<string, readonly Values[]>>;
  /** Of `ic_session`, without times of our clock. */
  readonly noted: Values;
}

/** Reads every table of the guides' schema; rows that belong to nothing are an error. */
export function readSqlSessions(path: string): SqlSession[] {
  if (!existsSync(path)) return [];
  const database = new DatabaseSync(path);
  try {
    const rowsOf = (table: string) =>
      database.prepare(`SELECT * FROM "${table}" ORDER BY id`).all() as Values[];
    const all = new Map(guideTableNames.map((table) => [table, rowsOf(table)]));
    const noted = database.prepare('SELECT * FROM ic_session').all() as Values[];
    const events = all.get('session_event') ?? [];
    refuseOrphans(all, noted);
    return (all.get('session') ?? []).map((row): SqlSession => {
      const id = Number(row.id);
      const own = events.filter(({ session_id }) => session_id === id);
      const position = new Map(own.map((event, index) => [event.id, index]));
      const tables = guideTableNames
        .filter((table) => table !== 'session')
        .map((table): [string, Values[]] => {
          const rows = (all.get(table) ?? []).flatMap((child) => {
            if (parentColumn(table) === 'session_id')
              return child.session_id === id ? [natural(table, child)] : [];
            const event = position.get(child.session_event_id);
            return event === undefined ? [] : [{ event, ...natural(table, child) }];
          });
          return [table, rows];
        });
      const notes = noted.filter(({ session_id }) => session_id === id);
      if (notes.length !== 1) throw new Error(`session ${row.lsid}: ${notes.length} rows in ic_session`);
      const { session_id: _, read_at: __, stored_at: ___, ...note } = notes[0] ?? {};
      return {
        id,
        lsid: String(row.lsid),
        host: String(row.host_name),
        own: natural('session', row),
        tables: Object.fromEntries(tables),
        noted: note,
      };
    });
  } finally {
    database.close();
  }
}

function natural(table: GuideTable, row: Values): Values {
  const columns = columnsOf(table).filter(
    ([, kind]) => kind !== 'id' && kind !== 'session' && kind !== 'event',
  );
  return Object.fromEntries(columns.map(([name]) => [name, row[name]]));
}

function refuseOrphans(all: ReadonlyMap<GuideTable, readonly Values[]>, noted: readonly Values[]): void {
  const ids = (table: GuideTable) => new Set((all.get(table) ?? []).map(({ id }) => id));
  const parents = { session_id: ids('session'), session_event_id: ids('session_event') };
  for (const [table, rows] of all) {
    const column = parentColumn(table) as keyof typeof parents | undefined;
    if (column === undefined) continue;
    const orphan = rows.find((row) => !parents[column].has(row[column]));
    if (orphan) throw new Error(`${table}: row ${orphan.id} belongs to no ${column}`);
  }
  const stray = noted.find(({ session_id }) => !parents.session_id.has(session_id));
  if (stray) throw new Error(`ic_session: ${stray.lsid} belongs to no session`);
}
