import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import type { Run } from '../shared/runs/run.ts';
import { startAppliance } from './appliance/start-appliance.ts';
import { isSnapshot } from './support/all-types.ts';
import { filesIn, readDocument } from './support/job.ts';
import { readSqlContent, sessionInSql } from './support/sql-truth.ts';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'npm-start-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const data = join(folder, 'check-data');

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly says: string;
  readonly seconds: number;
}

function npmStart(...args: readonly string[]): Promise<Ended> {
  const began = performance.now();
  // As a user would: not with the bundled packages of the tests.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawn('npm', ['start', '--silent', '--', ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let says = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    says += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, says, seconds: (performance.now() - began) / 1000 }));
  });
}

function results(out: string) {
  const { succeeded, runs } = JSON.parse(out) as { succeeded: boolean; runs: Run[] };
  assert.equal(succeeded, true);
  assert.equal(runs.length, 2);
  return runs.flatMap((run) => run.results ?? []);
}

/** The demo's appliances are made from seeds and the times in its file: they tell the same truth again here. */
async function demoAppliances() {
  const { from, to } = JSON.parse(readFileSync(join(data, 'demo.json'), 'utf8')) as {
    from: number;
    to: number;
  };
  const support = { product: 'RS', seed: 1, sessions: 220, siteHost: 'support.example.com' } as const;
  const access = { product: 'PRA', seed: 2, sessions: 180, siteHost: 'access.example.com' } as const;
  return Promise.all(
    [support, access].map(async (options) => {
      const appliance = await startAppliance({ ...options, from, to });
      return { host: options.siteHost, appliance };
    }),
  );
}

function reportsIn(path: string): number {
  using database = new DatabaseSync(path, { readOnly: true });
  return Number(database.prepare('select count(*) as n from ic_report').get()?.n);
}

test('npm start --once ends by itself with everything stored, and again with one new snapshot of each kind a site', async () => {
  const before = Math.floor(Date.now() / 1000);
  const first = await npmStart('--once', '--data', data, '--reset', '--port', '0');
  assert.equal(first.code, 0, first.says);
  assert.ok(first.seconds < 60, `it took ${first.seconds} s`);
  const files = filesIn(join(data, 'files'));
  const tables = readSqlContent(join(data, 'sessions.db'));
  for (const { host, appliance } of await demoAppliances()) {
    await using _ = appliance;
    const rows = tables.sessions(host);
    const closed = [...appliance.truth.sessions(before)].filter(({ state }) => state === 'closed');
    assert.ok(closed.length > 150);
    for (const { session, hasRecording } of closed) {
      const name = `${host}-support-${session.lsid}`;
      assert.deepEqual(await readDocument(files.get(`${name}.xml`)?.bytes ?? Buffer.alloc(0)), [session]);
      assert.deepEqual(rows.get(session.lsid), sessionInSql(session, { host, systemInformation: true }));
      const recording = files.get(`${name}.flv`);
      assert.deepEqual(
        recording && { size: recording.bytes.length, sha256: recording.sha256 },
        hasRecording ? appliance.truth.recording(session.lsid) : undefined,
      );
    }
    // Nothing of nowhere: what began by the end of the run is all there can be.
    const known = new Set([...appliance.truth.sessions()].map(({ session }) => session.lsid));
    for (const lsid of rows.keys()) assert.ok(known.has(lsid));
  }
  const sum = results(first.out).reduce((all, { counts }) => all + counts.stored, 0);
  assert.equal(sum, files.size + tables.count('session') + reportsIn(join(data, 'sessions.db')));
  for (const { stream, status, counts } of results(first.out))
    assert.ok(status === 'succeeded' && counts.stored > 0, `${stream} ${status}`);

  const second = await npmStart('--once', '--data', data, '--port', '0');
  assert.equal(second.code, 0, second.says);
  const again = filesIn(join(data, 'files'));
  const fresh = [...again.keys()].filter((name) => !files.has(name));
  const backups = fresh.filter((name) => name.includes('-backup-'));
  assert.equal(backups.length, 2);
  for (const [name, { sha256, modifiedMs }] of files) {
    assert.equal(again.get(name)?.sha256, sha256);
    assert.equal(again.get(name)?.modifiedMs, modifiedMs);
  }
  // A session may have closed between the two runs, with its recordings; nothing else is new.
  const stored = results(second.out).filter(({ destinationId }) => destinationId === 'folder');
  assert.equal(
    stored.reduce((all, { counts }) => all + counts.stored, 0),
    fresh.length,
  );
  assert.equal(fresh.filter(isSnapshot).length, 6);
  assert.ok(fresh.length <= 20, fresh.join(', '));
  assert.match(second.says, /Site Backups 2 new/);
});

test('a wrong option ends the program with one line', async () => {
  const wrong = await npmStart('--once', '--port', 'many');
  assert.equal(wrong.code, 2);
  assert.equal(wrong.out, '');
  assert.match(wrong.says, /^--port many: a port is a whole number from 0 to 65535\.\n$/);
});
