import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { saveSettingsFile } from '../infra/local/settings-file.ts';
import { cli } from './support/cli.ts';
import { makeWorkbench } from './support/workbench.ts';

const folder = mkdtempSync(join(tmpdir(), 'cli-files-'));
after(() => rmSync(folder, { recursive: true, force: true }));

// Nothing listens there: what is wrong with a file is said before anything is sent.
const nowhere = ['--url', 'http://127.0.0.1:1'];
const token = { environment: { INTEGRATION_CLIENT_TOKEN: 'a-token-of-the-test' } };
const loading = ['--site', 'a', '--destinations', 'b', '--data-types', 'session-data'];

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const almostJson = ['{"secret": hunter2}', 'hunter2', '{"secret": "a" "hunter2"}'];

test('a file that is no JSON is named, and nothing of what is in it: it may hold a secret', async (t) => {
  const { services } = makeWorkbench(t);
  for (const [number, text] of almostJson.entries()) {
    const path = file(`almost-${number}.json`, text);
    const { code, said } = await cli(['settings', 'import', path, ...nowhere], token);
    assert.deepEqual([code, said.startsWith(`${path}: not JSON`)], [2, true], said);
    assert.doesNotMatch(said, /hunter/);
    await assert.rejects(saveSettingsFile(services, path), ({ message }: Error) => {
      assert.match(message, /^--settings .*: not JSON/);
      assert.doesNotMatch(message, /hunter/);
      return true;
    });
  }
});

test('a folder in place of a file, and a file with nothing in it, are told as what they are', async (t) => {
  const { services } = makeWorkbench(t);
  for (const args of [
    ['settings', 'import', folder],
    ['import', folder, ...loading],
  ]) {
    const { code, said } = await cli([...args, ...nowhere], token);
    assert.deepEqual([code, said], [2, `${folder}: is a folder; give a file.\n`]);
  }
  await assert.rejects(
    saveSettingsFile(services, folder),
    /^Error: --settings .*: is a folder; give a file\.$/,
  );
  const empty = file('empty.xml', '');
  const { code, said } = await cli(['import', empty, ...loading, ...nowhere], token);
  assert.deepEqual([code, said], [2, `${empty}: is empty.\n`]);
});
