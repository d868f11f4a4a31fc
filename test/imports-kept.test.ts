import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../shared/errors.ts';
import {
  keepCredentials,
  loadSecretName,
  removeCredentials,
  withLoadSecrets,
} from '../shared/imports/load-credentials.ts';
import { siteOfLoad } from '../shared/imports/load-site.ts';
import { removeImports } from '../shared/imports/remove-imports.ts';
import { createImport, storePart } from '../shared/imports/uploads.ts';
import { environmentSecrets, type SecretStore } from '../shared/settings/secrets.ts';
import { memoryStaging } from './support/memory-staging.ts';
import { MemoryState } from './support/memory-state.ts';

const DAY = 86_400_000;
const KEY = 'a-long-random-text-that-is-a-key';
const never = () => false;
const failsWith = (code: string) => (error: unknown) => error instanceof Failure && error.code === code;

function writable(secrets: Map<string, string>): SecretStore {
  return {
    async get(name) {
      const value = secrets.get(name);
      if (value !== undefined) return value;
      throw new Failure('terminal', 'secret-missing', `"${name}" is not there.`);
    },
    async set(name, value) {
      secrets.set(name, value);
    },
  };
}

test('what is given for one load is sealed, opened under its name only, and gone when it is removed', async () => {
  const state = new MemoryState();
  const id = '0123456789abcdef';
  const kept = new Map<string, string>();
  const secrets = withLoadSecrets(writable(kept), state);
  await keepCredentials({ state, secrets }, id, 'open sesame');
  assert.deepEqual([...kept.keys()], ['import-key'], 'one key, made once; nothing of the load');
  const row = JSON.stringify((await state.list('imports', 'credentials')).entries);
  assert.doesNotMatch(row, /sesame|b3BlbiBzZXNhbWU/);
  assert.equal(await secrets.get(loadSecretName(id)), 'open sesame');
  await assert.rejects(secrets.get(loadSecretName('f'.repeat(16))), failsWith('secret-missing'));
  // Moved to another import it does not open, nor with another key.
  const sealed = await state.get('imports', 'credentials', id);
  await state.put('imports', 'credentials', 'f'.repeat(16), sealed?.value);
  await assert.rejects(secrets.get(loadSecretName('f'.repeat(16))), failsWith('secret-missing'));
  kept.set('import-key', `${KEY} of another time`);
  await assert.rejects(secrets.get(loadSecretName(id)), /has changed since the credentials of the import/);
  await removeCredentials(state, id);
  await assert.rejects(secrets.get(loadSecretName(id)), failsWith('secret-missing'));
});

test('where secrets can only be read, a key in the environment does, and without one it is said what to do', async () => {
  const state = new MemoryState();
  const id = '0123456789abcdef';
  const without = environmentSecrets({});
  await assert.rejects(keepCredentials({ state, secrets: without }, id, 'x'), failsWith('secrets-read-only'));
  const short = environmentSecrets({ SECRET_IMPORT_KEY: 'short' });
  await assert.rejects(keepCredentials({ state, secrets: short }, id, 'x'), failsWith('bad-secret'));
  assert.deepEqual((await state.list('imports', 'credentials')).entries, []);
  const secrets = withLoadSecrets(environmentSecrets({ SECRET_IMPORT_KEY: KEY }), state);
  assert.equal(secrets.set, undefined);
  await keepCredentials({ state, secrets }, id, 'x');
  assert.equal(await secrets.get(loadSecretName(id)), 'x');
});

test('a host of one load is the same site each time, another host another one', () => {
  const account = { kind: 'oauth', clientId: 'c' } as const;
  const one = siteOfLoad('0123456789abcdef', { host: 'old.example.com:8443', account });
  const again = siteOfLoad('f'.repeat(16), { host: 'OLD.example.com' });
  assert.equal(one.id, again.id);
  assert.notEqual(one.id, siteOfLoad('0123456789abcdef', { host: 'older.example.com' }).id);
  assert.equal(one.account.secret, 'import-0123456789abcdef');
});

test('uploads that nobody goes on with are removed after a week, and credentials whose load is over', async () => {
  const state = new MemoryState();
  const staging = memoryStaging();
  const clock = { now: Date.UTC(2026, 0, 1) };
  const services = { state, staging, now: () => clock.now };
  const make = async () => {
    const { id } = await createImport(services, { name: 'a.xml', size: 20, partBytes: 10, by: 'somebody' });
    await storePart(services, id, 1, Buffer.alloc(10, 'a'));
    return id;
  };
  const left = await make();
  const going = await make();
  clock.now += 6 * DAY;
  assert.deepEqual(await removeImports(services, never), { removed: 0, done: true });
  // A part that comes keeps it.
  await storePart(services, going, 2, Buffer.alloc(10, 'b'));
  await keepCredentials({ state, secrets: environmentSecrets({ SECRET_IMPORT_KEY: KEY }) }, going, 'x');
  assert.equal((await removeImports(services, never)).removed, 0);
  assert.equal((await state.list('imports', 'credentials')).entries.length, 1, 'its load may be starting');
  clock.now += 2 * DAY;
  assert.deepEqual(await removeImports(services, never), { removed: 1, done: true });
  assert.equal((await state.list('imports', 'credentials')).entries.length, 0);
  assert.equal(await state.get('imports', 'import', left), undefined);
  // One that came as its import was deleted.
  await staging.write(
    `imports/${left}/00002`,
    (async function* () {
      yield Buffer.from('late');
    })(),
  );
  await removeImports(services, never);
  const names: string[] = [];
  for await (const { name } of staging.list('')) names.push(name);
  assert.deepEqual(names, [`imports/${going}/00001`, `imports/${going}/00002`]);
});
