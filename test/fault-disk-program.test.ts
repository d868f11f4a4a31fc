import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { defaultOAuthAccount } from './appliance/accounts.ts';
import type { SimulatedAppliance } from './appliance/simulated-appliance.ts';
import { startAppliance } from './appliance/start-appliance.ts';
import { filesIn } from './support/job.ts';
import { isForPeople, startProgram } from './support/program.ts';
import { sizeAndHash } from './support/stored.ts';

const base = mkdtempSync(join(tmpdir(), 'fault-disk-'));
const disk = join(base, 'disk');
const now = Math.floor(Date.now() / 1000);

const mount = (...args: string[]) => spawnSync('mount', args).status === 0;
const mounts = () => mount('-t', 'tmpfs', '-o', 'size=100k', 'tmpfs', disk);

let appliance: SimulatedAppliance;
before(async () => {
  mkdirSync(disk);
  appliance = await startAppliance({
    product: 'RS',
    seed: 5,
    sessions: 40,
    from: now - 9 * 3600,
    // Over by now, all of them.
    to: now - 3 * 3600,
    events: 8,
    recordingBytes: [10_000, 50_000],
    oddities: 'plain',
  });
});
after(async () => {
  await appliance.close();
  rmSync(base, { recursive: true, force: true });
});

test('a disk that is full under everything ends the program with one line; with room again it completes', async (t) => {
  if (!mounts()) return t.skip('file systems cannot be mounted here');
  t.after(() => spawnSync('umount', [disk]));
  const settings = join(base, 'settings.json');
  writeFileSync(settings, JSON.stringify(settingsDocument()));
  const start = () =>
    startProgram(['--once', '--port', '0', '--data', disk, '--settings', settings], {
      SECRET_ACCOUNT: defaultOAuthAccount.secret,
    });
  for (const size of ['100k', '2m']) {
    assert.ok(mount('-o', `remount,size=${size}`, disk));
    const began = performance.now();
    const ended = await start();
    assert.ok(performance.now() - began < 30_000, 'it ends');
    assert.ok(ended.code === 1 || ended.code === 2, `${size}: exit code ${ended.code}`);
    isForPeople(ended, [defaultOAuthAccount.secret]);
    assert.match(
      ended.says,
      new RegExp(`(${disk}[^\\n]* cannot grow|No space left in [^\\n]*${disk})[^\\n]*[Ff]ree space`),
    );
    if (ended.code === 2) assert.equal(ended.out, '');
  }
  assert.ok(mount('-o', 'remount,size=50m', disk));
  // The first may still have to finish a run that met the full disk.
  const first = await start();
  isForPeople(first, []);
  const second = await start();
  assert.equal(second.code, 0, second.says);
  const files = filesIn(join(disk, 'files'));
  for (const { session, hasRecording } of appliance.truth.sessions()) {
    const name = `support.example.com-support-${session.lsid}`;
    assert.ok(files.has(`${name}.xml`), name);
    const recording = files.get(`${name}.flv`);
    assert.deepEqual(
      recording && sizeAndHash(recording),
      hasRecording ? appliance.truth.recording(session.lsid) : undefined,
    );
  }
  assert.deepEqual(
    readdirSync(join(disk, 'staging')).filter((name) => !name.startsWith('.')),
    [],
  );
});

function settingsDocument(): unknown {
  return {
    sites: [
      {
        id: 'support',
        name: 'Support',
        host: appliance.address,
        hostName: 'support.example.com',
        account: { kind: 'oauth', clientId: defaultOAuthAccount.id, secret: 'account' },
        certificateAuthority: appliance.caPem,
      },
    ],
    destinations: [
      {
        id: 'folder',
        name: 'Folder',
        plugin: 'file',
        settings: { kind: 'folder', directory: join(disk, 'files') },
      },
      {
        id: 'database',
        name: 'Database',
        plugin: 'sql',
        settings: { kind: 'sqlite', path: join(disk, 'sessions.db') },
      },
    ],
    schedules: [
      {
        id: 'all',
        name: 'All',
        every: { minutes: 15 },
        transfers: [
          { site: 'support', destination: 'folder', dataTypes: ['session-data', 'session-recording'] },
          { site: 'support', destination: 'database', dataTypes: ['session-data'] },
        ],
      },
    ],
  };
}
