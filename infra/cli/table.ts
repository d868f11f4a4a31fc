/** What anybody else has named may have anything in it, what moves a terminal's cursor included. */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, '\ufffd');
}

/** One line for a cell. */
function cellText(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return printable(shortTime(value));
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.map(cellText).join(', ');
  if (typeof value === 'object')
    return Object.entries(value)
      .filter(([, inner]) => inner !== undefined && inner !== null && inner !== 0 && inner !== '')
      .map(([name, inner]) => `${name} ${cellText(inner)}`)
      .join(', ');
  return String(value);
}

/** Milliseconds of an instant take room and say nothing to people. */
function shortTime(text: string): string {
  return text.replace(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+Z$/, '$1Z');
}

/** By a path like `lastRun.status`. */
export function valueAt(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (inner, name) =>
        typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[name] : undefined,
      value,
    );
}

const GAP = '  ';
const LEAST = 6;

/** A path, and what stands over it where that is not its last part. */
export type Column = string | readonly [path: string, head: string];

const pathOf = (column: Column) => (typeof column === 'string' ? column : column[0]);

/** Lines with a head; cut to the width where one is given. Widths stay those of the first rows. */
export class Table {
  readonly #columns: readonly Column[];
  readonly #width: number | undefined;
  #widths: readonly number[] | undefined;

  constructor(columns: readonly Column[], width: number | undefined) {
    this.#columns = columns;
    this.#width = width;
  }

  text(rows: readonly unknown[]): string {
    const cells = rows.map((row) => this.#columns.map((column) => cellText(valueAt(row, pathOf(column)))));
    const head = this.#widths === undefined ? [this.#columns.map(headOf)] : [];
    this.#widths ??= fitted(
      this.#columns.map((_, at) => Math.max(...[...head, ...cells].map((row) => row[at]?.length ?? 0))),
      this.#width,
    );
    const widths = this.#widths;
    const cut = this.#width !== undefined;
    return [...head, ...cells]
      .map((row) =>
        row
          .map((cell, at) => padded(cell, widths[at] ?? 0, cut))
          .join(GAP)
          .trimEnd(),
      )
      .map((line) => `${line}\n`)
      .join('');
  }
}

function headOf(column: Column): string {
  const name = typeof column === 'string' ? (column.split('.').at(-1) ?? column) : column[1];
  return name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toUpperCase();
}

function padded(cell: string, width: number, cut: boolean): string {
  if (cell.length <= width || !cut) return cell.padEnd(width);
  return `${cell.slice(0, Math.max(0, width - 1))}…`;
}

/** The widest give way first. */
function fitted(widths: readonly number[], width: number | undefined): number[] {
  const found = [...widths];
  if (width === undefined) return found;
  const room = width - GAP.length * (widths.length - 1);
  for (;;) {
    const over = found.reduce((sum, one) => sum + one, 0) - room;
    const widest = Math.max(...found);
    if (over <= 0 || widest <= LEAST) return found;
    const second = Math.max(LEAST, ...found.filter((one) => one < widest));
    const sharers = found.filter((one) => one === widest).length;
    const less = Math.min(widest - second, Math.ceil(over / sharers)) || 1;
    for (const [at, one] of found.entries()) if (one === widest) found[at] = one - less;
  }
}

/** An object as lines of name and value; lists of objects as tables below. */
export function detailText(value: unknown, width: number | undefined): string {
  if (typeof value !== 'object' || value === null) return `${cellText(value)}\n`;
  if (Array.isArray(value)) return tableOf(value, width);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined && inner !== null);
  const lists = entries.filter(([, inner]) => isList(inner));
  const plain = entries.filter(([, inner]) => !isList(inner));
  const pad = Math.max(0, ...plain.map(([name]) => name.length));
  const text = (inner: unknown) => (Array.isArray(inner) && inner.length === 0 ? 'none' : cellText(inner));
  const lines = plain.map(([name, inner]) => `${name.padEnd(pad)}${GAP}${text(inner)}`.trimEnd());
  return [
    ...(lines.length > 0 ? [`${lines.join('\n')}\n`] : []),
    ...lists.map(([name, inner]) => `\n${name}:\n${tableOf(inner as unknown[], width)}`),
  ].join('');
}

function isList(value: unknown): boolean {
  return (
    Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'object' && one !== null)
  );
}

/** Columns are what the rows have; empty ones are left out. */
export function tableOf(rows: readonly unknown[], width: number | undefined): string {
  if (!isList(rows)) return rows.map((row) => `${cellText(row)}\n`).join('');
  return new Table(columnsOf(rows), width).text(rows);
}

export function columnsOf(rows: readonly unknown[]): string[] {
  const names = new Set(rows.flatMap((row) => Object.keys(row as object)));
  return [...names].filter((name) => rows.some((row) => cellText(valueAt(row, name)) !== ''));
}
