import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guardDestination } from '../shared/destinations/guarded-destination.ts';
import { Failure } from '../shared/errors.ts';
import { silentLog } from '../shared/log.ts';

const own = { id: 'theirs', name: 'Theirs' };
const base = { check: async () => {}, close: async () => {} };

function destination(sessions: object, files: object) {
  return guardDestination(
    {
      ...base,
      sessions: { store: async () => [], ...sessions },
      files: { find: async () => undefined, begin: async () => ({ status: 'skipped', name: 'x' }), ...files },
    },
    { packageName: 'example', destination: 'Theirs' },
    own,
    silentLog,
  );
}

test('a package may say what it has stored, and is not asked where it cannot', async () => {
  const without = destination({}, {});
  assert.equal(without.sessions?.statusOf, undefined);
  assert.equal(without.files?.statusOf, undefined);
  const { sessions, files } = destination(
    { statusOf: async (host: string, lsids: string[]) => new Map([[`${host}${lsids[0]}`, 'stored']]) },
    { statusOf: async (key: string) => (key === 'a' ? 'settled' : undefined) },
  );
  assert.deepEqual([...((await sessions?.statusOf?.('h', ['l'])) ?? [])], [['hl', 'stored']]);
  assert.deepEqual([await files?.statusOf?.('a'), await files?.statusOf?.('b')], ['settled', undefined]);
});

test('what no contract knows cannot pass for stored', async () => {
  for (const bad of [undefined, {}, [['l', 'stored']], new Map([['l', 'settled']]), new Map([['l', true]])]) {
    const { sessions } = destination({ statusOf: async () => bad }, {});
    await assert.rejects(async () => sessions?.statusOf?.('h', ['l']), Failure);
  }
  for (const bad of [true, 'there', null, 0]) {
    const { files } = destination({}, { statusOf: async () => bad });
    await assert.rejects(async () => files?.statusOf?.('a'), Failure);
  }
});
