import { createHash } from 'node:crypto';
import { dataColumns, type Row, type SessionRows } from './session-rows.ts';
import type { ColumnLimit, LaidOutTable, SqlLayout } from './sql-layout.ts';
import { type GuideTable, guideTableNames } from './sql-schema.ts';
import { SqlRefusal, type SqlValue } from './sql-values.ts';

/** A value that its column could not hold as it was sent. `row` counts the session's rows of that table from 0. */
export interface WholeValue {
  readonly table: GuideTable | 'ic_session';
  readonly row: number;
  readonly column: string;
  readonly value: string | number;
}

/**
 * Makes the rows fit a database whose columns are narrower than what was sent: text is cut at the column's length, a
 * number beyond the column's type becomes NULL. Nothing is lost: each such value is returned whole, to be kept in
 * `ic_session`. What identifies the session must fit, else it is refused.
 */
export function fitSession(
  rows: SessionRows,
  layout: SqlLayout,
): { readonly rows: SessionRows; readonly whole: readonly WholeValue[] } {
  const whole: WholeValue[] = [];
  const counts = new Map<GuideTable, number>();
  const fit = (table: GuideTable, row: Row): Row => {
    const number = counts.get(table) ?? 0;
    counts.set(table, number + 1);
    return fitRow(table, layout.tables[table], row, number, whole);
  };
  const limited = guideTableNames.some((table) => layout.tables[table].some(({ limits }) => limits.size > 0));
  if (!limited && !layout.typed) return { rows, whole };
  const { id } = rows.jumpoint;
  const unfit = layout.typed && typeof id === 'string';
  if (unfit) whole.push({ table: 'ic_session', row: 0, column: 'jumpoint_id', value: id });
  return {
    whole,
    rows: {
      ...rows,
      jumpoint: unfit ? { ...rows.jumpoint, id: null } : rows.jumpoint,
      session: fit('session', rows.session),
      events: rows.events.map(({ event, data, systemInformation }) => ({
        event: fit('session_event', event),
        data: data.map((row) => fit('session_event_data', row)),
        systemInformation: systemInformation.map((row) => fit('system_information', row)),
      })),
      people: {
        representative: rows.people.representative.map((row) => fit('representative', row)),
        customer: rows.people.customer.map((row) => fit('customer', row)),
        team: rows.people.team.map((row) => fit('team', row)),
        custom_attribute: rows.people.custom_attribute.map((row) => fit('custom_attribute', row)),
      },
    },
  };
}

function fitRow(
  table: GuideTable,
  places: readonly LaidOutTable[],
  row: Row,
  number: number,
  whole: WholeValue[],
): Row {
  let fitted: SqlValue[] | undefined;
  for (const { limits, name } of places)
    for (const [column, limit] of limits) {
      const index = dataColumns(table).indexOf(column);
      const value = row[index] ?? null;
      if (value === null) continue;
      const kept = fitted?.[index] ?? value;
      const fits = fitValue(kept, limit);
      if (fits === kept && !(limit.ascii && typeof value === 'string' && hasOther(value))) continue;
      if (table === 'session' && (column === 'lsid' || column === 'host_name'))
        throw new SqlRefusal(`${name}.${column} is too narrow for it; it identifies the session`);
      if (!whole.some((known) => known.table === table && known.row === number && known.column === column))
        whole.push({ table, row: number, column, value });
      fitted ??= [...row];
      fitted[index] = fits;
    }
  return fitted ?? row;
}

export function fitValue(value: SqlValue, limit: ColumnLimit): SqlValue {
  if (limit.largest !== undefined) {
    if (typeof value === 'number') return fitsNumber(value, limit.largest) ? value : null;
    if (typeof value === 'string') return null;
  }
  if (limit.length === undefined || value === null) return value;
  const text = String(value);
  return text.length <= limit.length ? value : cut(text, limit.length);
}

function fitsNumber(value: number, largest: number): boolean {
  return Number.isInteger(value) && value <= largest && value >= -largest - 1;
}

/** Never between the halves of a surrogate pair. */
function cut(text: string, length: number): string {
  const part = text.slice(0, length);
  return part.isWellFormed() ? part : part.slice(0, -1);
}

function hasOther(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7e) return true;
  return false;
}

/** Changes when a column of the layout is widened, so that a session which was cut is written again. */
export function limitsMark(layout: SqlLayout): string {
  const limits = guideTableNames.flatMap((table) =>
    layout.tables[table].map(({ name, limits }) => [name, [...limits]]),
  );
  return createHash('sha256').update(JSON.stringify(limits)).digest('hex').slice(0, 12);
}
