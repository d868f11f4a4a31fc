import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import type { LocalPorts } from '../infra/local/local-services.ts';
import type { Destination } from '../shared/destinations/destination.ts';
import { openFileDestination } from '../shared/destinations/file/file-destination.ts';
import type { FileAttempt, FileStore } from '../shared/destinations/file/file-store.ts';
import { openLocalStore } from '../shared/destinations/file/local-store.ts';
import { openSqlDestination } from '../shared/destinations/sql/sql-destination.ts';
import { Failure } from '../shared/errors.ts';
import { silentLog } from '../shared/log.ts';
import type { Run } from '../shared/runs/run.ts';
import type { Services } from '../shared/services.ts';
import { fileFailure } from '../shared/state/file-failure.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import type { StateStore } from '../shared/state/state-store.ts';
import { type Installation, resultOf, startInstallation } from './support/installation.ts';
import { databaseDifferences, folderDifferences, none } from './support/stored.ts';

let installation: Installation;
afterEach(() => installation.close());

async function everythingIsThere(): Promise<void> {
  assert.deepEqual(await folderDifferences(installation), none);
  assert.deepEqual(databaseDifferences(installation), none);
}

function isFull(run: Run, stream: string, destinationId: string, ...named: string[]): void {
  const { status, failure } = resultOf(run, stream, destinationId);
  assert.deepEqual([status, failure?.code], ['failed', 'disk-full'], failure?.message);
  for (const name of named) assert.ok(failure?.message.includes(name), failure?.message);
  assert.match(failure?.message ?? '', /[Ff]ree space/);
  assert.ok(!failure?.message.includes('\n'));
}

/** Of a disk with so many bytes left. */
interface Room {
  bytes: number;
}

/** What the file port of a folder meets on a full disk: the first chunk that does not fit fails. */
function onDisk(store: FileStore, room: Room): FileStore {
  const spend = (bytes: number) => {
    room.bytes -= bytes;
    if (room.bytes < 0)
      throw fileFailure(Object.assign(new Error('no space'), { code: 'ENOSPC' }), store.where);
  };
  return {
    where: store.where,
    stat: (name) => store.stat(name),
    read: (name) => store.read(name),
    list: () => store.list(),
    fixed: () => store.fixed(),
    remove: (name, tag) => store.remove(name, tag),
    sweep: (idleMs, item) => store.sweep(idleMs, item),
    close: () => store.close(),
    async begin(key): Promise<FileAttempt> {
      const attempt = await store.begin(key);
      return {
        async write(chunk) {
          spend(chunk.byteLength);
          await attempt.write(chunk);
        },
        put: (name, about, before) => attempt.put(name, about, before),
        discard: () => attempt.discard(),
      };
    },
  };
}

test('a folder and a database on a full disk: each says so, and completes by itself when there is room', async () => {
  const room: Room = { bytes: 30_000 };
  let pages = 30;
  const opened = new Map<string, Promise<Destination>>();
  const services = (inner: Services): Services => ({
    ...inner,
    async destination({ id, name }) {
      const { data } = installation;
      const known = opened.get(id);
      if (known) return known;
      const made =
        id === 'folder'
          ? Promise.resolve(
              openFileDestination({
                id,
                name,
                settings: { conflictHandling: 'AppendNumber', extension: 'guide' },
                state: inner.state,
                store: onDisk(openLocalStore(data.files), room),
                log: silentLog,
              }),
            )
          : openSqlDestination({
              id,
              name,
              settings: { kind: 'sqlite', path: data.sessions },
              log: silentLog,
              maxPages: pages,
            });
      opened.set(id, made);
      return made;
    },
  });
  installation = await startInstallation({ services });
  const full = await installation.run();
  isFull(full, 'session-data', 'folder', '"Destination folder"', installation.data.files);
  isFull(full, 'session-recording', 'folder', '"Destination folder"', installation.data.files);
  isFull(full, 'session-data', 'database', '"Destination database"', installation.data.sessions);
  const partly = await folderDifferences(installation);
  assert.deepEqual([partly.wrong, partly.strange], [[], []]);
  assert.ok(partly.missing.length > 0);
  const incomplete = readdirSync(join(installation.data.files, '.incomplete'));
  assert.deepEqual(
    incomplete.filter((name) => !name.startsWith('lock')),
    [],
  );

  await (await opened.get('database'))?.close();
  opened.delete('database');
  pages = 1_000_000;
  room.bytes = Number.POSITIVE_INFINITY;
  installation.passTime(600);
  const next = await installation.run();
  assert.equal(next.status, 'succeeded', JSON.stringify(next.results));
  await everythingIsThere();
  for (const destination of opened.values()) await (await destination).close();
});

test('a full disk under the staged slices: nothing is read past, the next run has everything', async () => {
  const room: Room = { bytes: 10_000 };
  const ports = (real: LocalPorts, { staging }: { readonly staging: string }): LocalPorts => ({
    ...real,
    staging: {
      ...bound(real.staging),
      write: (name, chunks) => real.staging.write(name, fitting(chunks, room, staging)),
    },
  });
  installation = await startInstallation({ ports });
  const full = await installation.run();
  for (const [stream, destination] of [
    ['session-data', 'folder'],
    ['session-data', 'database'],
    ['session-recording', 'folder'],
  ] as const)
    isFull(full, stream, destination, installation.data.staging);
  assert.equal(resultOf(full, 'backup', 'folder').status, 'succeeded');
  room.bytes = Number.POSITIVE_INFINITY;
  installation.passTime(600);
  const next = await installation.run();
  assert.equal(next.status, 'succeeded', JSON.stringify(next.results));
  await everythingIsThere();
});

function bound(staging: LocalPorts['staging']): LocalPorts['staging'] {
  return {
    write: (name, chunks) => staging.write(name, chunks),
    read: (name, range) => staging.read(name, range),
    remove: (name) => staging.remove(name),
    list: (prefix) => staging.list(prefix),
  };
}

async function* fitting(
  chunks: AsyncIterable<Uint8Array>,
  room: Room,
  where: string,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    room.bytes -= chunk.byteLength;
    if (room.bytes < 0)
      throw fileFailure(
        Object.assign(new Error('no space'), { code: 'ENOSPC' }),
        `the staging folder ${where}`,
      );
    yield chunk;
  }
}

test('a full disk under the state: one line that names the file; with room again everything completes', async () => {
  let current: StateStore | undefined;
  let reopen: (maxPages?: number) => Promise<void> = async () => {};
  const ports = (real: LocalPorts, { state }: { readonly state: string }): LocalPorts => {
    current = real.state;
    reopen = async (maxPages) => {
      await current?.close();
      current = openSqliteState(state, maxPages === undefined ? {} : { maxPages });
    };
    const now = () => current ?? real.state;
    return {
      ...real,
      state: {
        get: (...input) => now().get(...input),
        list: (...input) => now().list(...input),
        insert: (...input) => now().insert(...input),
        update: (...input) => now().update(...input),
        put: (...input) => now().put(...input),
        remove: (...input) => now().remove(...input),
        batch: (...input) => now().batch(...input),
        close: () => now().close(),
      },
    };
  };
  installation = await startInstallation({ ports });
  assert.equal((await installation.run()).status, 'succeeded');
  await everythingIsThere();
  const met: string[] = [];
  // From no room at all to enough: in between a run may begin and not be able to go on, or not be able to end.
  const enough = () => met.includes('refused') && met.some((status) => status !== 'refused');
  for (const pagesMore of [0, 14, 20, 26, 32, 40, 50, 70, 100]) {
    if (enough()) break;
    installation.passTime(12 * 3600);
    await reopen(await pagesOf(installation.data.state, pagesMore));
    try {
      const run = await installation.run();
      met.push(run.status);
      for (const { failure } of [run, ...(run.results ?? [])]) {
        if (!failure) continue;
        assert.match(failure.message, /The state file .* cannot grow: .*Free space/);
        assert.ok(failure.message.includes(installation.data.state) && !failure.message.includes('\n'));
      }
    } catch (error) {
      assert.ok(error instanceof Failure, String(error));
      assert.equal(error.code, 'disk-full');
      met.push('refused');
      assert.ok(error.message.includes(installation.data.state) && !error.message.includes('\n'));
    }
    const { wrong, strange } = await folderDifferences(installation);
    assert.deepEqual([wrong, strange], [[], []]);
    await reopen();
    installation.passTime(600);
    const next = await installation.run();
    assert.equal(next.status, 'succeeded', JSON.stringify(next));
    await everythingIsThere();
  }
  assert.ok(enough(), met.join());
});

async function pagesOf(path: string, more: number): Promise<number> {
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(path);
  try {
    // Pages that are free within the file would leave room.
    database.exec('VACUUM');
    return Number(database.prepare('PRAGMA page_count').get()?.page_count) + more;
  } finally {
    database.close();
  }
}
