import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Failure } from '../shared/errors.ts';
import { openBlobStaging } from '../shared/state/blob-staging.ts';
import { openFolderStaging } from '../shared/state/folder-staging.ts';
import { describeStagingContract, inChunks, readAll } from './contract/staging-contract.ts';
import { type Azurite, startAzurite } from './support/azurite.ts';

const folder = mkdtempSync(join(tmpdir(), 'state-staging-'));
let azurite: Azurite;
before(async () => {
  azurite = await startAzurite();
});
after(async () => {
  await azurite?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describeStagingContract('folder', async () => openFolderStaging(join(folder, 'contract', 'staging')));
describeStagingContract('Azure Blob', async () =>
  openBlobStaging({ connectionString: azurite.connectionString, container: 'staging' }),
);

test('folder: leftovers of dead writers go, those of living ones stay', async () => {
  const place = join(folder, 'leftovers');
  mkdirSync(join(place, '.partial'), { recursive: true });
  writeFileSync(join(place, '.partial', 'dead'), 'x');
  writeFileSync(join(place, '.partial', 'living'), 'x');
  const twoDaysAgo = new Date(Date.now() - 48 * 3600_000);
  utimesSync(join(place, '.partial', 'dead'), twoDaysAgo, twoDaysAgo);
  await openFolderStaging(place).write('a', inChunks(Buffer.from('x'), 1));
  assert.deepEqual(readdirSync(join(place, '.partial')), ['living']);
});

test('folder: a file that cannot grow is a terminal failure that names the folder, and leaves nothing', () => {
  const place = join(folder, 'limited');
  const module = new URL('../shared/state/folder-staging.ts', import.meta.url).href;
  const program = `
    import { openFolderStaging } from ${JSON.stringify(module)};
    async function* source() { for (let i = 0; i < 64; i++) yield new Uint8Array(4096); }
    try { await openFolderStaging(${JSON.stringify(place)}).write('a', source()); console.log('written'); }
    catch (error) { console.log(JSON.stringify([error.kind, error.code, error.message])); }`;
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '-e', program];
  const { stdout, stderr } = spawnSync('sh', [
    '-c',
    'ulimit -f 64 && exec "$0" "$@"',
    process.execPath,
    ...args,
  ]);
  assert.equal(stderr.toString(), '');
  const [kind, code, message] = JSON.parse(stdout.toString());
  assert.deepEqual([kind, code], ['terminal', 'disk-full']);
  assert.ok(message.includes(place));
  assert.deepEqual(readdirSync(join(place, '.partial')), []);
});

test('what stands in the way is said in one line', async () => {
  writeFileSync(join(folder, 'file'), '');
  await assert.rejects(
    openFolderStaging(join(folder, 'file', 'x')).write('a', inChunks(Buffer.from('x'), 1)),
    (error) => {
      assert.ok(error instanceof Failure);
      assert.deepEqual([error.kind, error.code], ['terminal', 'not-a-folder']);
      return true;
    },
  );
  const connectionString = azurite.connectionString.replace(
    /AccountKey=[^;]*/,
    'AccountKey=bm90IHRoZSBrZXk=',
  );
  await assert.rejects(
    readAll(openBlobStaging({ connectionString, container: 'staging' }).read('a')),
    (error) => {
      assert.ok(error instanceof Failure);
      assert.deepEqual([error.kind, error.code], ['terminal', 'no-access']);
      assert.ok(!error.message.includes('AccountKey') && !error.message.includes('\n'));
      return true;
    },
  );
});
