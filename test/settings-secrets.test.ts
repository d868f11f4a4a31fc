import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Failure } from '../shared/errors.ts';
import { environmentSecrets, fileSecrets, firstOf } from '../shared/settings/secrets.ts';

const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
after(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'secrets.json');
const value = 'hunter2-and-more';

function write(text: string, mode = 0o600): void {
  writeFileSync(path, text);
  chmodSync(path, mode);
}

const refuses = (promise: Promise<string>, code: string) =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof Failure, String(error));
    assert.deepEqual([error.kind, error.code], ['terminal', code]);
    assert.ok(!error.message.includes(value), 'says no secret');
    assert.ok(!String(error.cause ?? '').includes(value));
    assert.ok(!error.message.includes('\n'));
    return true;
  });

test('a file of mode 600 gives its secrets, and is read anew each time', async () => {
  write(JSON.stringify({ 'api-account': value }));
  const secrets = fileSecrets(path);
  assert.equal(await secrets.get('api-account'), value);
  write(JSON.stringify({ 'api-account': 'changed' }));
  assert.equal(await secrets.get('api-account'), 'changed');
});

test('a file that others can read is refused', { skip: process.platform === 'win32' }, async () => {
  for (const mode of [0o640, 0o604, 0o660, 0o644]) {
    write(JSON.stringify({ a: value }), mode);
    await refuses(fileSecrets(path).get('a'), 'secrets-readable');
  }
});

test('a file that is no JSON object is refused without a word of what is in it', async () => {
  for (const text of [`{"a": "${value}"`, `${value}`, `["${value}"]`, 'null', `"${value}"`, '7', '']) {
    write(text);
    await refuses(fileSecrets(path).get('a'), 'secrets-malformed');
  }
});

test('a secret that is missing, empty or no text is named with the place', async () => {
  write(JSON.stringify({ empty: '', number: 7, nested: { a: value } }));
  for (const name of ['absent', 'empty', 'number', 'nested', 'constructor', '__proto__']) {
    await refuses(fileSecrets(path).get(name), 'secret-missing');
    await assert.rejects(fileSecrets(path).get(name), (error: Error) => error.message.includes(path));
  }
  await refuses(fileSecrets(join(folder, 'none.json')).get('a'), 'secret-missing');
});

test('variables are named after secrets', async () => {
  const secrets = environmentSecrets({ SECRET_API_ACCOUNT_2: value, SECRET_EMPTY: '' });
  assert.equal(await secrets.get('api-account-2'), value);
  await refuses(secrets.get('empty'), 'secret-missing');
  await assert.rejects(secrets.get('other'), /SECRET_OTHER/);
});

test('the first store that has a secret gives it; a broken one is not passed over', async () => {
  write(JSON.stringify({ both: 'from the file', file: value }));
  const secrets = firstOf(environmentSecrets({ SECRET_BOTH: 'from the environment' }), fileSecrets(path));
  assert.equal(await secrets.get('both'), 'from the environment');
  assert.equal(await secrets.get('file'), value);
  await assert.rejects(secrets.get('none'), (error: Error) => {
    assert.match(
      error.message,
      /^The secret "none" is not in the environment variable SECRET_NONE nor in .*secrets\.json; put it there\.$/,
    );
    return true;
  });
  write('{');
  await refuses(secrets.get('file'), 'secrets-malformed');
});

test('a secret is set in the file, whole, for its owner alone, and beside the others', async () => {
  write(JSON.stringify({ kept: 'kept' }));
  const secrets = fileSecrets(path);
  assert.ok(secrets.set);
  await Promise.all([secrets.set('one', value), secrets.set('two', `${value}2`), secrets.set('one', value)]);
  assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), { kept: 'kept', one: value, two: `${value}2` });
  if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ['secrets.json'], 'nothing is left beside it');
  const fresh = join(folder, 'fresh.json');
  await fileSecrets(fresh).set?.('a', value);
  assert.equal(await fileSecrets(fresh).get('a'), value);
  if (process.platform !== 'win32') assert.equal(statSync(fresh).mode & 0o777, 0o600);
  rmSync(fresh);
  write('{');
  await refuses(secrets.set('a', value) as unknown as Promise<string>, 'secrets-malformed');
  const nowhere = fileSecrets(join(folder, 'no', 'such.json'));
  await refuses(nowhere.set?.('a', value) as unknown as Promise<string>, 'secrets-unwritable');
});

test('what the environment gives cannot be set beside it, and without a place to write nothing can', async () => {
  write('{}');
  const both = firstOf(environmentSecrets({ SECRET_FIXED: 'fixed' }), fileSecrets(path));
  assert.ok(both.set);
  await both.set('free', value);
  assert.equal(await both.get('free'), value);
  await refuses(both.set('fixed', value) as unknown as Promise<string>, 'secret-overridden');
  assert.equal(await both.get('fixed'), 'fixed');
  assert.equal(firstOf(environmentSecrets({})).set, undefined);
});
