import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openDataFolder } from '../infra/local/data-folder.ts';
import { localPorts } from '../infra/local/local-services.ts';
import { createImport, storePart } from '../shared/imports/uploads.ts';
import { isFinished, type Run } from '../shared/runs/run.ts';
import { saveSettings } from '../shared/settings/settings-store.ts';
import { callApi, type Reachable, type ShownImport, sendPart, zipOfReports } from './support/imports.ts';
import { databaseSetting, folderSetting, resultOf } from './support/installation.ts';
import { filesIn } from './support/job.ts';
import { readSqlContent } from './support/sql-truth.ts';
import { lsidOf } from './support/workbench.ts';

const PART = 16 * 1024;
const FILES = 5;
const SESSIONS_A_FILE = 18;
const base = mkdtempSync(join(tmpdir(), 'imports-killed-'));
const data = await openDataFolder(join(base, 'data'), false);
let child: ChildProcess | undefined;
after(async () => {
  await kill();
  rmSync(base, { recursive: true, force: true });
});

async function start(): Promise<Reachable> {
  const script = join(import.meta.dirname, 'support', 'imports-child.ts');
  child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, data.folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const out = child.stdout;
  if (!out) throw new Error('no output');
  const [line] = (await once(out, 'data')) as [Buffer];
  return { stack: { host: { url: line.toString().trim() } } };
}

async function kill(): Promise<void> {
  const running = child;
  child = undefined;
  if (running?.exitCode !== null || running.signalCode !== null) return;
  running.kill('SIGKILL');
  await once(running, 'exit');
}

test('an upload goes on in another process, and a load killed in its midst ends as if it had not been', async () => {
  // One process takes in the first part and is gone; another one goes on.
  const { state, staging } = localPorts(data);
  const ports = { state, staging, now: Date.now };
  await saveSettings(state, {
    sites: [],
    destinations: [folderSetting(data.files), databaseSetting(data.sessions)],
    schedules: [],
  });
  const bytes = zipOfReports(FILES, SESSIONS_A_FILE);
  const { id } = await createImport(ports, {
    name: 'old.zip',
    size: bytes.length,
    partBytes: PART,
    by: 'test',
  });
  await storePart(ports, id, 1, bytes.subarray(0, PART));
  await state.close();

  let host = await start();
  const resumed = (await callApi<ShownImport>(host, 'GET', `/imports/${id}`)).body;
  assert.ok(
    resumed.parts > 1 && resumed.missing.length === resumed.parts - 1 && !resumed.missing.includes(1),
  );
  for (const part of resumed.missing) await sendPart(host, id, bytes, part, PART);
  const body = {
    host: 'old.example.com',
    destinations: ['folder', 'database'],
    dataTypes: ['session-data'],
  };
  const started = await callApi<Run>(host, 'POST', `/imports/${id}/start`, body);
  assert.equal(started.status, 202, JSON.stringify(started.body));
  const runId = started.body.id;
  const until = async (done: (run: Run) => boolean, of = runId): Promise<Run> => {
    for (;;) {
      const { body: run } = await callApi<Run>(host, 'GET', `/runs/${of}`);
      if (done(run)) return run;
      await pause(5);
    }
  };
  const killed = await until(
    (run) => isFinished(run) || resultOf(run, 'session-data', 'folder').counts.found > SESSIONS_A_FILE,
  );
  assert.ok(!isFinished(killed), 'killed before its end');
  await kill();
  host = await start();
  const run = await until(isFinished);
  assert.equal(run.status, 'succeeded', JSON.stringify(run.results));
  const all = FILES * SESSIONS_A_FILE;
  for (const destination of ['folder', 'database'])
    assert.equal(resultOf(run, 'session-data', destination).counts.found, all, destination);
  // What a killed attempt was writing goes a day later.
  const files = () => [...filesIn(data.files).keys()].filter((name) => !name.startsWith('.incomplete/'));
  const names = files().sort();
  const wanted = Array.from({ length: all }, (_, number) => `old.example.com-support-${lsidOf(number)}.xml`);
  assert.deepEqual(names, wanted.sort());
  assert.equal(readSqlContent(data.sessions).sessions('old.example.com').size, all);
  // Once more: nothing is doubled, and what deliveries that came late have left of the first one goes.
  const again = await callApi<Run>(host, 'POST', `/imports/${id}/start`, body);
  const second = await until(isFinished, again.body.id);
  for (const { counts } of second.results ?? []) assert.deepEqual([counts.found, counts.stored], [all, 0]);
  assert.equal(files().length, all);
  const staged = (readdirSync(data.staging, { recursive: true }) as string[]).filter((name) =>
    name.endsWith('.xml'),
  );
  assert.deepEqual(
    staged.filter((name) => name.includes(runId)),
    [],
  );
});
