import { columnsOf, type GuideTable, guideTableNames, isData, namesOf, parentColumn } from './sql-schema.ts';

/** What the database's catalogue says, names as they are spelt there. */
export interface FoundObject {
  readonly name: string;
  readonly kind: 'table' | 'view';
  readonly columns: readonly FoundColumn[];
  /** Whether `id` numbers itself when a row is inserted without it. */
  readonly numbersItself: boolean;
}
export interface FoundColumn extends ColumnLimit {
  readonly name: string;
}

/** What a column can hold. Nothing said: whatever the guides' column needs. */
export interface ColumnLimit {
  /** Most characters, in UTF-16 units. */
  readonly length?: number;
  /** Characters of one code page only: what is not ASCII may come back as another character. */
  readonly ascii?: true;
  /** Whole numbers from −largest − 1 to largest. */
  readonly largest?: number;
}

/** Where the rows of each of the guides' tables go. */
export interface SqlLayout {
  /** Columns take values of their own type only: a number column refuses text. */
  readonly typed: boolean;
  readonly tables: Readonly<Record<GuideTable, readonly LaidOutTable[]>>;
}

export interface LaidOutTable {
  readonly name: string;
  readonly shape: GuideTable;
  /** Those of the guide's data columns that this table has. */
  readonly columns: ReadonlySet<string>;
  /** Those of them that cannot hold everything. */
  readonly limits: ReadonlyMap<string, ColumnLimit>;
}

export interface Look {
  readonly layout: Partial<Record<GuideTable, readonly LaidOutTable[]>>;
  readonly missingTables: readonly GuideTable[];
  /** Names of the guides that nothing stands under yet while their table stands, or will stand, under the other. */
  readonly missingViews: readonly { readonly name: string; readonly table: GuideTable }[];
  /** Of tables made by somebody else: columns of the guides they lack. */
  readonly missingColumns: readonly MissingColumn[];
  /** Why this database cannot be used, one line each. */
  readonly faults: readonly string[];
}
export interface MissingColumn {
  /** As it is spelt in the database. */
  readonly table: string;
  readonly guideTable: GuideTable;
  readonly column: string;
}

/**
 * Looks at a database before anything is made in it. A table somebody else made is used as it stands: columns it
 * lacks are left out. Where both names of a table (`representative` and `user`) are tables, rows go to both, so that
 * readers of either find them. Names are compared without case, as both databases do.
 */
export function lookAt(found: readonly FoundObject[]): Look {
  const byName = new Map(found.map((object) => [object.name.toLowerCase(), object]));
  const layout: Partial<Record<GuideTable, readonly LaidOutTable[]>> = {};
  const missingTables: GuideTable[] = [];
  const missingViews: { name: string; table: GuideTable }[] = [];
  const missingColumns: MissingColumn[] = [];
  const faults: string[] = [];
  for (const table of guideTableNames) {
    const names = namesOf(table);
    const tables = names.flatMap((name) => {
      const object = byName.get(name.toLowerCase());
      return object?.kind === 'table' ? [object] : [];
    });
    if (tables.length === 0) {
      const view = byName.get(table);
      if (view === undefined) missingTables.push(table);
      else faults.push(`${view.name} is a view; a table is needed`);
    }
    for (const object of tables) {
      const has = new Set(object.columns.map(({ name }) => name.toLowerCase()));
      for (const column of neededColumns(table))
        if (!has.has(column)) faults.push(`table ${object.name} has no column ${column}`);
      if (!object.numbersItself) faults.push(`the id of table ${object.name} does not number itself`);
      for (const [column] of columnsOf(table))
        if (!has.has(column.toLowerCase()))
          missingColumns.push({ table: object.name, guideTable: table, column });
    }
    if (tables.length > 0) layout[table] = tables.map((object) => laidOut(table, object));
    for (const name of names)
      if (!byName.has(name) && !(name === table && tables.length === 0)) missingViews.push({ name, table });
  }
  return { layout, missingTables, missingViews, missingColumns, faults };
}

function neededColumns(table: GuideTable): readonly string[] {
  if (table === 'session') return ['id', 'lsid', 'host_name', 'end_time'];
  return ['id', parentColumn(table) ?? ''];
}

function laidOut(table: GuideTable, object: FoundObject): LaidOutTable {
  const has = new Map(object.columns.map((column) => [column.name.toLowerCase(), column]));
  const columns = new Set<string>();
  const limits = new Map<string, ColumnLimit>();
  for (const [name, kind] of columnsOf(table)) {
    const column = has.get(name.toLowerCase());
    if (column === undefined || !isData(kind)) continue;
    columns.add(name);
    if (column.length !== undefined || column.ascii || column.largest !== undefined) limits.set(name, column);
  }
  return { name: object.name, shape: table, columns, limits };
}
