import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { control } from './local-host/control.ts';
import { openHost, type Status, type TestHost, withDirectory, withHost } from './local-host/harness.ts';

const round = [[4, 9], 5, "Activity function 'explode' failed:  boom "];

/** Copies of the database files, each taken right after a commit: what a killed host would leave behind. */
async function withCrashImages(directory: string, work: () => Promise<void>): Promise<string[]> {
  const images: string[] = [];
  const exec = DatabaseSync.prototype.exec;
  DatabaseSync.prototype.exec = function (sql: string) {
    exec.call(this, sql);
    if (sql !== 'COMMIT') return;
    const image = join(directory, `image-${images.length}`);
    mkdirSync(image);
    for (const suffix of ['', '-wal']) {
      const file = join(directory, `host.db${suffix}`);
      if (existsSync(file)) copyFileSync(file, join(image, `host.db${suffix}`));
    }
    images.push(join(image, 'host.db'));
  };
  try {
    await work();
  } finally {
    DatabaseSync.prototype.exec = exec;
  }
  return images;
}

async function finish(host: TestHost): Promise<Status> {
  if ((await host.manage('instances/journey')).status === 404) {
    await host.start('journey', 'journey', { left: 1, log: [] });
  }
  const status = await host.done('journey');
  await host.host.idle();
  await host.host.close();
  return status;
}

test('an orchestration that was cut off after any one of its commits ends the same', () =>
  withDirectory(async (directory) => {
    control.reset();
    const images = await withCrashImages(directory, async () => {
      const { output } = await finish(await openHost(join(directory, 'host.db')));
      assert.deepEqual(output, [...round, ...round]);
    });
    assert.ok(images.length > 20, `${images.length} commits`);
    for (const [index, image] of images.entries()) {
      const { runtimeStatus, output } = await finish(await openHost(image));
      assert.equal(runtimeStatus, 'Completed', `after commit ${index}`);
      assert.deepEqual(output, [...round, ...round], `after commit ${index}`);
    }
  }));

function runChild(database: string, commits?: number): Promise<{ signal: string | null; output: string }> {
  const program = join(import.meta.dirname, 'local-host', 'journey-host.ts');
  const args = [
    '--disable-warning=ExperimentalWarning',
    program,
    database,
    ...(commits === undefined ? [] : [`${commits}`]),
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (_, signal) => resolve({ signal, output }));
  });
}

test('a host killed again and again goes on where it was', () =>
  withDirectory(async (directory) => {
    const database = join(directory, 'host.db');
    for (const commits of [4, 3, 6]) assert.equal((await runChild(database, commits)).signal, 'SIGKILL');
    const { signal, output } = await runChild(database);
    assert.equal(signal, null);
    assert.deepEqual((JSON.parse(output) as Status).output, round);
  }));

test('an activity that was under way when the host ended is delivered again, and its late result ignored', () =>
  withDirectory(async (directory) => {
    control.reset();
    const database = join(directory, 'host.db');
    let open = () => {};
    control.gate = new Promise((resolve) => {
      open = resolve;
    });
    const first = await openHost(database, { closeLimitMs: 50 });
    await first.start('callsGate', 'gated');
    while (control.taken('gate').length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await first.host.close();
    const blocked = control.gate;
    control.gate = Promise.resolve();
    const second = await openHost(database);
    assert.equal((await second.done('gated')).output, 'gated 2');
    assert.equal(control.taken('gate').length, 2);
    open();
    await blocked;
    await second.host.close();
  }));

test('a second host on the same database is refused with one clear line', () =>
  withHost(async (_, directory) => {
    await assert.rejects(openHost(join(directory, 'host.db')), /Another local host is using .*host\.db/);
  }));
