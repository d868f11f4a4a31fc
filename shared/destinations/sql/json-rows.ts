import type { SqlValue } from './sql-values.ts';

/**
 * Rows as one JSON text for `OPENJSON`. Not every server that speaks TDS undoes JSON's escapes (Babelfish 4 does not),
 * so there are none: the characters that JSON would escape are written as `~` and a digit, which plain REPLACEs undo.
 */
const written: Readonly<Record<string, string>> = {
  '~': '~0',
  '"': '~1',
  '\\': '~2',
  '\n': '~3',
  '\r': '~4',
  '\t': '~5',
};
/** `~` itself comes last: what it stands for must not be read as a beginning. */
const undone: readonly (readonly [text: string, code: number])[] = [
  ['~1', 34],
  ['~2', 92],
  ['~3', 10],
  ['~4', 13],
  ['~5', 9],
  ['~0', 126],
];

export interface JsonRows {
  readonly json: string;
  /** Places in a row, from 0, of values that are to be undone. */
  readonly undo: ReadonlySet<number>;
  /** Texts by their place in a row, longer than the server reads out of a row: the row ends with their numbers in this list. */
  readonly long: ReadonlyMap<number, readonly string[]>;
}

/** Each row begins with its number from 0. `longest`: characters of a text that the server reads out of a row. */
export function jsonRows(
  rows: readonly (readonly SqlValue[])[],
  longest = Number.POSITIVE_INFINITY,
): JsonRows {
  const undo = new Set<number>();
  const long = new Map<number, string[]>();
  const numbers = rows.map(() => new Map<number, number>());
  const plain = rows.map((row, number) => [
    number,
    ...row.map((value, place) => {
      if (typeof value !== 'string') return value;
      const text = withoutEscapes(value);
      if (text !== value) undo.add(place);
      if (text.length <= longest) return text;
      const list = long.get(place) ?? [];
      long.set(place, list);
      numbers[number]?.set(place, list.push(text) - 1);
      return null;
    }),
  ]);
  const places = [...long.keys()];
  if (places.length > 0)
    for (const [number, row] of plain.entries())
      row.push(...places.map((place) => numbers[number]?.get(place) ?? null));
  return { json: JSON.stringify(plain), undo, long };
}

function withoutEscapes(text: string): string {
  if (!/[~"\\\n\r\t]/.test(text)) return text;
  return text.replaceAll(/[~"\\\n\r\t]/g, (character) => written[character] ?? character);
}

export function jsonKeys(keys: readonly (string | number)[]): {
  readonly json: string;
  readonly undo: boolean;
} {
  const { json, undo } = jsonRows(keys.map((key) => [key]));
  return { json, undo: undo.size > 0 };
}

/** T-SQL that gives the text back. */
export function undoing(expression: string): string {
  return undone.reduce(
    (sql, [text, code]) => `REPLACE(${sql}, N'${text}', NCHAR(${code}))`,
    `${expression} COLLATE Latin1_General_BIN2`,
  );
}
