import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonRows, undoing } from '../shared/destinations/sql/json-rows.ts';

/** What the server does with the statement: its REPLACEs in their order. */
function undone(text: string): string {
  const steps = [...undoing('x').matchAll(/N'(~\d)', NCHAR\((\d+)\)/g)];
  assert.equal(steps.length, 6);
  return steps.reduce(
    (sum, [, from = '', code]) => sum.replaceAll(from, String.fromCharCode(Number(code))),
    text,
  );
}

/** Reads rows as a server does that keeps escapes and cuts texts: as they stand between the quotes. */
function read(rows: readonly (readonly (string | number | null)[])[], longest: number): unknown[][] {
  const { json, undo, long } = jsonRows(rows, longest);
  assert.doesNotMatch(json, /\\/, 'nothing is escaped');
  const width = rows[0]?.length ?? 0;
  return (JSON.parse(json) as (string | number | null)[][]).map(([number, ...row], index) => {
    assert.equal(number, index);
    return row.slice(0, width).map((value, place) => {
      const texts = long.get(place);
      const at = row[width + [...long.keys()].indexOf(place)];
      const text = texts !== undefined && typeof at === 'number' ? texts[at] : value;
      if (typeof text !== 'string') return text;
      if (texts === undefined) assert.ok(text.length <= longest);
      return undo.has(place) ? undone(text) : text;
    });
  });
}

test('rows come back as they were from a server that keeps JSON escapes and cuts long texts', () => {
  const text = fc.string({
    unit: fc.constantFrom(
      '~',
      '0',
      '1',
      '5',
      '"',
      '\\',
      '\n',
      '\r',
      '\t',
      'n',
      'u',
      'é',
      '日',
      '😀',
      "'",
      '{',
      '[',
    ),
    maxLength: 30,
  });
  const value = fc.oneof(text, fc.constant(null), fc.integer());
  fc.assert(
    fc.property(
      fc.array(fc.tuple(value, value, value), { maxLength: 6 }),
      fc.constantFrom(5, 1000),
      (rows, longest) => {
        assert.deepEqual(read(rows, longest), rows);
      },
    ),
    { numRuns: 500 },
  );
});
