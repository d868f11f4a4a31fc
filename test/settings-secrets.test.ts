import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
