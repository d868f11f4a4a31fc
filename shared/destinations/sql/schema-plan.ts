import { Failure } from '../../errors.ts';
import { addOwnColumn, createAlias, createGuideTable, createOwnTable, type DdlDialect } from './ddl.ts';
import { addedColumns, type OwnTableName, ownTableNames, schemaStep, schemaSteps } from './own-schema.ts';
import { peopleViewNames, peopleViews, viewTables } from './people-views.ts';
import { type FoundObject, type Look, lookAt, type SqlLayout } from './sql-layout.ts';
import { columnsOf, guideAliases, guideTableNames, isData } from './sql-schema.ts';

/** What a database's catalogue says of the names that concern us; whatever else lives there is none of our business. */
export interface Found {
  readonly objects: readonly FoundObject[];
  /** The last step taken; 0 in a database that this program never worked in. */
  readonly step: number;
  /** Names in `ic_table`: those of the guides that this program made. */
  readonly ours: ReadonlySet<string>;
}

export const ourConcern: ReadonlySet<string> = new Set([
  ...guideTableNames,
  ...Object.values(guideAliases),
  ...ownTableNames,
  ...peopleViewNames,
]);

/** Throws a terminal `Failure` where the database is no use. `where` names destination and database. */
export function checkedLook(found: Found, where: string): Look {
  const look = lookAt(found.objects);
  if (look.faults.length > 0)
    throw new Failure(
      'terminal',
      'unexpected-tables',
      `${where} is no database of the Integration Client: ${look.faults.join('; ')}; give another one`,
    );
  if (found.step > schemaStep)
    throw new Failure(
      'terminal',
      'newer-database',
      `${where} was made by a newer version (step ${found.step}, this one knows ${schemaStep}); use that version`,
    );
  return look;
}

/** Whether all tables are there, so that rows can be written. Views are no condition. */
export function tablesAreComplete(found: Found, look: Look): boolean {
  return look.missingTables.length === 0 && missingOwn(found).length === 0 && found.step === schemaStep;
}

/** The tables, columns and notes that are missing, as statements; nothing that is there is altered but our own. */
export function missingTableStatements(dialect: DdlDialect, found: Found, look: Look): readonly string[] {
  const making = new Set<string>(look.missingTables);
  const isOurs = (table: string) => making.has(table) || found.ours.has(table) || table.startsWith('ic_');
  const own = new Set(missingOwn(found).map(({ table }) => table));
  // Where tables made are noted comes before the tables.
  const first: readonly OwnTableName[] = ['ic_schema', 'ic_table'];
  const make = (table: OwnTableName): readonly string[] => {
    if (!own.has(table)) return [];
    const present = objectNamed(found, table);
    if (present === undefined) return createOwnTable(dialect, table, isOurs);
    return missingColumns(found, table).map((column) => addOwnColumn(dialect, table, column));
  };
  return [
    ...first.flatMap(make),
    ...look.missingTables.flatMap((table) => createGuideTable(dialect, table, isOurs)),
    ...ownTableNames.filter((table) => !first.includes(table)).flatMap(make),
    ...schemaSteps.flatMap((name, index) =>
      index + 1 > found.step ? [dialect.noteStep(index + 1, name)] : [],
    ),
  ];
}

export interface ViewPlan {
  readonly name: string;
  readonly statements: readonly string[];
}

/** Views that are missing, once all tables are there. */
export function missingViewStatements(
  dialect: DdlDialect,
  found: Found,
  look: Look,
  layout: SqlLayout,
): readonly ViewPlan[] {
  const aliases = look.missingViews.map(({ name, table }): ViewPlan => {
    const [base] = layout.tables[table];
    if (base === undefined) throw new Error(`no table for ${table}`);
    const columns = columnsOf(table).flatMap(([column, kind]) =>
      !isData(kind) || base.columns.has(column) ? [column] : [],
    );
    const statement = createAlias(dialect, name, { name: base.name, columns });
    return { name, statements: [statement, dialect.noteTable(name)] };
  });
  const people = peopleViews(dialect, viewTables(layout.tables))
    .filter(({ name }) => objectNamed(found, name) === undefined)
    .map(({ name, select }): ViewPlan => ({ name, statements: [dialect.createView(name, select)] }));
  return [...aliases, ...people];
}

/** Where rows go, once all tables are there. */
export function layoutOf(look: Look, where: string, typed: boolean): SqlLayout {
  for (const table of guideTableNames)
    if (look.layout[table] === undefined)
      throw new Failure('terminal', 'unexpected-tables', `${where}: table ${table} is missing`);
  return { typed, tables: look.layout as SqlLayout['tables'] };
}

function missingOwn(found: Found): readonly { readonly table: OwnTableName }[] {
  return ownTableNames
    .filter((table) => objectNamed(found, table) === undefined || missingColumns(found, table).length > 0)
    .map((table) => ({ table }));
}

function missingColumns(found: Found, table: OwnTableName): readonly string[] {
  const has = new Set(objectNamed(found, table)?.columns.map(({ name }) => name.toLowerCase()));
  return addedColumns
    .filter((added) => added.table === table && !has.has(added.column))
    .map(({ column }) => column);
}

function objectNamed(found: Found, name: string): FoundObject | undefined {
  return found.objects.find((object) => object.name.toLowerCase() === name);
}
