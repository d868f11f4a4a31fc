import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDataFolder } from '../infra/local/data-folder.ts';
import { HostDatabase } from '../infra/local/host/durable/database.ts';
import { startProgram } from './support/program.ts';

async function used(t: TestContext) {
  const place = mkdtempSync(join(tmpdir(), 'data-folder-'));
  t.after(() => rmSync(place, { recursive: true, force: true }));
  const data = await openDataFolder(place, false);
  const stored = join(place, 'stored');
  writeFileSync(stored, 'evidence');
  return { place, data, stored };
}

test('a folder that an instance works with is not emptied; once it has stopped it is', async (t) => {
  const { place, data, stored } = await used(t);
  const host = new HostDatabase(data.host);
  t.after(() => host.close());
  await assert.rejects(
    openDataFolder(place, true),
    /^Error: --reset: an instance runs with .*; stop it first/,
  );
  assert.ok(existsSync(stored));
  host.close();
  await openDataFolder(place, true);
  assert.ok(!existsSync(stored));
});

test('a folder whose database is damaged is emptied', async (t) => {
  const { place, data, stored } = await used(t);
  writeFileSync(data.host, 'no database '.repeat(1000));
  await openDataFolder(place, true);
  assert.ok(!existsSync(stored));
});

test('a second start with the folder of an instance that runs changes nothing of it', async (t) => {
  const { place, data } = await used(t);
  const host = new HostDatabase(data.host);
  t.after(() => host.close());
  const settings = join(place, 'other.json');
  writeFileSync(settings, '{"sites": [], "destinations": [], "schedules": []}');
  for (const more of [['--settings', settings], []]) {
    const { code, says } = await startProgram(['--data', place, '--port', '0', ...more]);
    assert.deepEqual(
      [code, says],
      [2, `--data: an instance runs with ${place}; stop it first, or take another folder.\n`],
    );
  }
  assert.ok(!existsSync(data.state) && !existsSync(data.demo));
});
