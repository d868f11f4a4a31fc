import { type Terminal, UsageError } from './command.ts';
import { type ListAsked, listPages } from './pages.ts';
import { type Column, columnsOf, Table } from './table.ts';

/** Rows that a list shows unless it is told otherwise. */
export const usualRows = 200;

export interface ListLook {
  readonly json: boolean;
  /** Rows at most. */
  readonly most: number;
  /** Default: everything that the rows have. */
  readonly columns?: readonly Column[] | undefined;
}

/** A list as a table, or as JSON with a line for each row. Says so where there are more than it shows. */
export async function showList(asked: ListAsked, { json, most, columns }: ListLook, terminal: Terminal) {
  const { out, say, width, drained } = terminal;
  let left = most;
  let table: Table | undefined;
  for await (const { rows: all, more } of listPages(asked, () => left)) {
    const rows = all.slice(0, left);
    left -= rows.length;
    if (json) for (const row of rows) out(`${JSON.stringify(row)}\n`);
    else if (rows.length > 0) {
      table ??= new Table(columns ?? columnsOf(rows), width);
      out(table.text(rows));
    }
    await drained?.();
    if (left > 0) continue;
    if (more || rows.length < all.length)
      say(`${most} are shown and there may be more: --all, or --limit NUMBER.`);
    break;
  }
  if (left === most && !json) say('There are none.');
}

/** By `--limit` and `--all`. */
export function rowsWanted({ all, limit }: { readonly all?: unknown; readonly limit?: unknown }): number {
  if (limit === undefined) return all === true ? Number.POSITIVE_INFINITY : usualRows;
  if (all === true) throw new UsageError('Give --limit or --all, not both.');
  if (typeof limit !== 'string' || !/^[1-9]\d{0,8}$/.test(limit))
    throw new UsageError(`--limit ${String(limit)}: give a whole number from 1 on.`);
  return Number(limit);
}
