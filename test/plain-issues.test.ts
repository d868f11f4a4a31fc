import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { newImportSchema } from '../shared/api/import-answers.ts';
import { checked } from '../shared/api/read-request.ts';
import { Failure } from '../shared/errors.ts';
import { plainIssues } from '../shared/settings/plain-issues.ts';
import { parseSettings } from '../shared/settings/settings-store.ts';

function said(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof Failure);
    return error.message;
  }
  assert.fail('it was taken');
}

test('what is wrong with a field is said in words for people', () => {
  const schema = z.object({
    text: z.string().min(1).max(5),
    count: z.int().min(2).max(9),
    list: z.array(z.string()).min(1).max(2),
    choice: z.enum(['x', 'y']),
    at: z.iso.datetime({ offset: true }),
    account: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('oauth') }),
      z.object({ kind: z.literal('legacy') }),
    ]),
    own: z.string('words of its own'),
  });
  const issuesOf = (input: unknown) =>
    schema
      .safeParse(input, { error: plainIssues })
      .error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  const whole = { text: 'a', count: 2, list: ['a'], choice: 'x', at: '2026-10-01T00:00:00Z', own: '' };
  assert.equal(issuesOf({ ...whole, account: { kind: 'oauth' } }), undefined);
  assert.deepEqual(
    issuesOf({ text: '', count: 1, list: [], choice: 'z', at: 'now', account: { kind: 'x' }, own: 1 }),
    [
      'text is empty',
      'count give at least 2',
      'list is empty',
      'choice give one of x, y',
      'at give an instant, like 2026-10-01T00:00:00Z',
      'account.kind give oauth or legacy',
      'own words of its own',
    ],
  );
  assert.deepEqual(
    issuesOf({ text: 'abcdef', count: 2.5, list: ['a', 'b', 'c'], choice: 'x', at: whole.at, own: '' }),
    [
      'text give at most 5 characters',
      'count give a whole number',
      'list give at most 2 of them',
      'account is missing',
    ],
  );
  assert.deepEqual(issuesOf(null), [' give an object']);
});

test('requests and settings are answered with them', () => {
  const body = said(() => checked('Body', newImportSchema, { name: 'x', size: 0 }));
  assert.equal(body, 'Body: size: give at least 1');
  assert.match(
    said(() => parseSettings({ sites: [{ id: 'x' }] })),
    /^Settings: sites\[0\]\.name: is missing; sites\[0\]\.host: is missing; sites\[0\]\.account: is missing/,
  );
});
