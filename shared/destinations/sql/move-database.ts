import { Failure } from '../../errors.ts';
import { fitValue } from './fit-rows.ts';
import { type OwnTableName, ownTableNames, ownTables } from './own-schema.ts';
import type { Row } from './session-rows.ts';
import {
  kindOf,
  ownRef,
  type SqlDatabase,
  type SqlReader,
  type SqlTransaction,
  type TableRef,
} from './sql-database.ts';
import type { ColumnLimit, LaidOutTable } from './sql-layout.ts';
import { columnsOf, guideTableNames, isData } from './sql-schema.ts';
import { SqlRefusal } from './sql-values.ts';

export interface MovedTable {
  readonly table: string;
  /** Rows in the old and in the new database, counted at the end. */
  readonly from: number;
  readonly to: number;
}
export interface MoveResult {
  readonly tables: readonly MovedTable[];
  /** `table.column`s with values that the new database could not hold as they were. */
  readonly changed: readonly string[];
  /** All counts are equal and nothing was changed. */
  readonly complete: boolean;
}
export interface MoveOptions {
  /** Names the old database; a move that was cut off goes on from the same one only. */
  readonly source: string;
  readonly onProgress?: (table: string, rows: number) => void;
  /** Rows a transaction. Default 500. */
  readonly rowsAtOnce?: number;
}

/** What is about one database and not about the data in it. */
const notMoved = new Set<OwnTableName>(['ic_schema', 'ic_table', 'ic_check', 'ic_writer', 'ic_move']);
const progress = ownRef('ic_move');
const lockHost = 'move.invalid';

/**
 * Copies all rows, `id`s included, into a database that has none: between servers, and between SQLite and SQL Server.
 * How far it came is stored with each batch, so a move that was cut off goes on. Nothing is to write to either
 * database meanwhile. Throws a terminal `not-empty` when the new database has rows of its own.
 */
export async function moveDatabase(
  from: SqlDatabase,
  to: SqlDatabase,
  options: MoveOptions,
): Promise<MoveResult> {
  const tables = await tablesToMove(from, to);
  const reached = await begun(to, tables, options.source);
  const changed = new Set<string>();
  for (const table of tables)
    await moveTable(from, to, table, reached.get(table.name) ?? 0, changed, options);
  const counted: MovedTable[] = [];
  for (const { name, source, target } of tables)
    counted.push({
      table: name,
      from: await from.read((reader) => reader.count(source)),
      to: await to.read((reader) => reader.count(target)),
    });
  const equal = counted.every((table) => table.from === table.to);
  if (equal)
    await to.write(lockHost, async (transaction) => {
      await transaction.removeWhere(
        progress,
        'table_name',
        tables.map(({ name }) => name),
      );
      await transaction.removeWhere(ownRef('ic_writer'), 'host_name', [lockHost]);
    });
  return { tables: counted, changed: [...changed], complete: equal && changed.size === 0 };
}

interface TableToMove {
  readonly name: string;
  readonly source: TableRef;
  readonly target: TableRef;
  /** The key first. */
  readonly columns: readonly string[];
  readonly limits: ReadonlyMap<string, ColumnLimit>;
}

async function tablesToMove(from: SqlDatabase, to: SqlDatabase): Promise<readonly TableToMove[]> {
  const layouts = await Promise.all(
    [from, to].map((database) => database.read(async (reader) => reader.layout)),
  );
  const [old, fresh] = layouts;
  if (old === undefined || fresh === undefined) throw new Error('a database has no layout');
  const guides = guideTableNames.flatMap((name): TableToMove[] => {
    const [source, target] = [old.tables[name][0], fresh.tables[name][0]];
    if (source === undefined || target === undefined) throw new Error(`no table for ${name}`);
    const has = (place: LaidOutTable, column: string) => place.columns.has(column);
    const columns = columnsOf(name)
      .filter(([column, kind]) => !isData(kind) || (has(source, column) && has(target, column)))
      .map(([column]) => column);
    return [{ name, source, target, columns: keyFirst(columns, 'id'), limits: target.limits }];
  });
  const own = ownTableNames
    .filter((name) => !notMoved.has(name))
    .map((name): TableToMove => {
      const key = 'id' in ownTables[name].columns ? 'id' : 'session_id';
      const columns = keyFirst(Object.keys(ownTables[name].columns), key);
      // A typed database takes no text where a number is meant.
      const limits = new Map(
        columns
          .filter((column) => fresh.typed && kindOf(ownRef(name), column) === 'integer')
          .map((column) => [column, { largest: Number.MAX_SAFE_INTEGER }]),
      );
      return { name, source: ownRef(name), target: ownRef(name), columns, limits };
    });
  return [...guides, ...own];
}

function keyFirst(columns: readonly string[], key: string): readonly string[] {
  return [key, ...columns.filter((column) => column !== key)];
}

/** The last key of each table that is there already, by a move from the same source that was cut off. */
async function begun(
  to: SqlDatabase,
  tables: readonly TableToMove[],
  source: string,
): Promise<ReadonlyMap<string, number>> {
  return to.write(lockHost, async (transaction) => {
    const names = tables.map(({ name }) => name);
    const rows = await transaction.find(progress, ['table_name', 'source', 'last_id'], 'table_name', names);
    const other = rows.find((row) => row[1] !== source);
    if (other !== undefined)
      throw new Failure(
        'terminal',
        'not-empty',
        `the new database was begun to be filled from "${other[1]}"; give that one, or an empty database`,
      );
    if (rows.length === 0) {
      await refuseFilled(transaction, tables);
      await transaction.insert(
        progress,
        ['table_name', 'source', 'last_id'],
        names.map((name) => [name, source, 0]),
      );
    }
    return new Map(rows.map(([name, , last]) => [String(name), Number(last)]));
  });
}

async function refuseFilled(reader: SqlReader, tables: readonly TableToMove[]): Promise<void> {
  for (const { name, target } of tables) {
    const rows = await reader.count(target);
    if (rows > 0)
      throw new Failure(
        'terminal',
        'not-empty',
        `the new database has ${rows} rows in ${name}; give an empty one`,
      );
  }
}

async function moveTable(
  from: SqlDatabase,
  to: SqlDatabase,
  table: TableToMove,
  reached: number,
  changed: Set<string>,
  { source, onProgress, rowsAtOnce = 500 }: MoveOptions,
): Promise<void> {
  let rows = 0;
  for (let last = reached; ; ) {
    const page = await from.read((reader) => reader.page(table.source, table.columns, last, rowsAtOnce));
    const end = page.at(-1)?.[0];
    if (end === undefined) return;
    const fitted = page.map((row) => fitRow(row, table, changed));
    try {
      await to.write(lockHost, async (transaction) => {
        await transaction.insertWithIds(table.target, table.columns, fitted);
        await noteProgress(transaction, table.name, source, Number(end));
      });
    } catch (error) {
      if (!(error instanceof SqlRefusal)) throw error;
      throw new Failure(
        'terminal',
        'database-refuses',
        `the new database refuses rows of ${table.name} after id ${last}: ${error.message}`,
        { cause: error },
      );
    }
    last = Number(end);
    rows += page.length;
    onProgress?.(table.name, rows);
  }
}

async function noteProgress(
  transaction: SqlTransaction,
  table: string,
  source: string,
  last: number,
): Promise<void> {
  await transaction.removeWhere(progress, 'table_name', [table]);
  await transaction.insert(progress, ['table_name', 'source', 'last_id'], [[table, source, last]]);
}

function fitRow(row: Row, { name, columns, limits }: TableToMove, changed: Set<string>): Row {
  if (limits.size === 0) return row;
  return row.map((value, index) => {
    const column = columns[index] ?? '';
    const limit = limits.get(column);
    const fits = limit === undefined ? value : fitValue(value, limit);
    if (fits !== value) changed.add(`${name}.${column}`);
    return fits;
  });
}
