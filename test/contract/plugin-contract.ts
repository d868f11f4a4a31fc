/**
 * What every kind of destination must do, whoever made it: the package export
 * `integration-client-for-beyondtrust-on-azure/destination-contract`. It is written over node:test. Call it in a test
 * file and run that with `node --test`.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import type { Destination, FileItem, FileSink, StoredFile } from '../../shared/destinations/destination.ts';
import { ownState } from '../../shared/destinations/own-state.ts';
import { shapeFault } from '../../shared/destinations/packaged-plugin.ts';
import type { DestinationPlugin, OpenDestination } from '../../shared/destinations/plugin.ts';
import { silentLog } from '../../shared/log.ts';
import { openSqliteState } from '../../shared/state/sqlite-state.ts';
import { describeSessions } from './plugin-contract-sessions.ts';

/** As much of a plugin as is called here: one of the house, or one from a package (which has `contract` too). */
export type TestedPlugin = Omit<DestinationPlugin, 'settings' | 'place'> & {
  readonly settings: { safeParse(input: unknown): unknown };
  place(settings: unknown): string | undefined;
};

/** An empty place for a destination. */
export interface PluginBench {
  readonly plugin: TestedPlugin;
  /** As a user writes them. */
  readonly settings: unknown;
  /** The visible content under a stored name, read past the plugin; undefined where there is none. */
  read?(file: StoredFile): Promise<Uint8Array | undefined>;
  /** Values of secrets. */
  secret?(name: string): Promise<string>;
  /** Takes the place away. */
  remove(): Promise<void>;
}

/** `make` gives a new, empty place each time. */
export function describePlugin(name: string, make: () => Promise<PluginBench>): void {
  describe(`plugin contract: ${name}`, () => {
    const inPlace = (title: string, body: (place: Place) => Promise<void>) =>
      test(title, async (context) => {
        const bench = await make();
        const place = new Place(bench);
        try {
          await body(place);
        } finally {
          await place.end();
          await bench.remove();
        }
        if (place.without !== undefined) context.skip(place.without);
      });

    inPlace(
      'the plugin has the shape, and its settings are read the same when read again',
      async ({ bench }) => {
        const { plugin, settings } = bench;
        if ('contract' in plugin) assert.equal(shapeFault(plugin, []), undefined);
        const read = parse(bench, settings);
        assert.deepEqual(JSON.parse(JSON.stringify(read)), read, 'settings are kept as JSON');
        assert.deepEqual(parse(bench, read), read);
        const at = plugin.place(read);
        assert.ok(typeof at === 'string' && at !== '', 'where it stores');
        assert.equal(plugin.place(parse(bench, settings)), at);
        for (const wrong of [undefined, null, 7, 'text', [], { noSuchSettingAtAll: true }]) {
          const result = plugin.settings.safeParse(wrong) as {
            success: boolean;
            error: { issues: unknown[] };
          };
          assert.equal(result.success, false, `${JSON.stringify(wrong)} are no settings`);
          for (const issue of result.error.issues as { path: unknown; message: unknown }[])
            assert.ok(Array.isArray(issue.path) && typeof issue.message === 'string' && issue.message !== '');
        }
      },
    );

    inPlace('the destination has the sinks that the plugin says, checks itself and closes', async (place) => {
      const destination = await place.open();
      const { takes } = place.bench.plugin;
      assert.deepEqual(
        [destination.sessions !== undefined, destination.files !== undefined],
        [takes.sessions, takes.files],
      );
      assert.deepEqual([destination.id, destination.name], ['archive', 'Archive']);
      await destination.check();
      await destination.check();
      await destination.close();
    });

    for (const [what, size] of [
      ['zero bytes', 0],
      ['one byte', 1],
      ['some megabytes', 5 * 1024 * 1024 + 13],
    ] as const)
      inPlace(`a file of ${what} is stored whole, and found by an instance opened later`, async (place) => {
        const sink = await place.files();
        if (!sink) return;
        const bytes = randomBytes(size);
        const file = await place.store(sink, item('a'), bytes);
        assert.equal(file.size, size);
        assert.equal(file.sha256, sha256(bytes));
        assert.equal(file.verified, 'length');
        assert.match(file.storedAt, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
        await place.holds(file, bytes);
        const later = (await place.open()).files ?? assert.fail();
        const found = await later.find('a');
        assert.deepEqual([found?.name, found?.size, found?.sha256], [file.name, size, file.sha256]);
        assert.equal(await later.find('b'), undefined);
      });

    inPlace('before the commit nothing is found; an abort leaves nothing, also twice', async (place) => {
      const sink = await place.files();
      if (!sink) return;
      const bytes = randomBytes(300_000);
      for (const written of [0, 1, bytes.length]) {
        const write = await place.begin(sink, item('a'));
        await write.write(bytes.subarray(0, written));
        assert.equal(await sink.find('a'), undefined);
        await write.abort();
        await write.abort();
        assert.equal(await sink.find('a'), undefined);
        await assert.rejects(write.commit(announced(bytes)));
      }
      await place.holds(await place.store(sink, item('a'), bytes), bytes);
    });

    inPlace(
      'content that is not what was announced is refused, as transient, and not stored',
      async (place) => {
        const sink = await place.files();
        if (!sink) return;
        for (const bytes of ['as announceD', 'as announced and more', 'as', '']) {
          const write = await place.begin(sink, item('a'));
          await write.write(Buffer.from(bytes));
          await assert.rejects(write.commit(announced(Buffer.from('as announced'))), { kind: 'transient' });
          assert.equal(await sink.find('a'), undefined);
        }
      },
    );

    inPlace('an item that was stored is not written again, by this instance or another', async (place) => {
      const sink = await place.files();
      if (!sink) return;
      const file = await place.store(sink, item('a'), Buffer.from('one'));
      for (const again of [sink, (await place.open()).files ?? assert.fail()]) {
        const begun = await again.begin(item('a'));
        assert.equal(begun.status, 'unchanged');
        assert.equal(begun.status === 'unchanged' && begun.file.sha256, file.sha256);
      }
      await place.holds(file, Buffer.from('one'));
    });

    inPlace('items with the same values have a file each', async (place) => {
      const sink = await place.files();
      if (!sink) return;
      const long = 'k'.repeat(400);
      const keys = ['a', 'b', 'A', 'a b', 'a%20b', 'a|b', '../a', 'Ä\\', `${long}1`, `${long}2`];
      const files = [];
      for (const key of keys) files.push(await place.store(sink, item(key), Buffer.from(`bytes of ${key}`)));
      assert.equal(new Set(files.map((file) => file.name)).size, keys.length);
      for (const [at, key] of keys.entries()) {
        const found: StoredFile = (await sink.find(key)) ?? assert.fail(key);
        assert.equal(found.name, files[at]?.name);
        await place.holds(found, Buffer.from(`bytes of ${key}`));
      }
    });

    inPlace('one item from writers at once: each ends well, and there is one file', async (place) => {
      const [one, two] = [await place.files(), (await place.open()).files];
      if (!one || !two) return;
      const bytes = randomBytes(200_000);
      const bring = async (sink: FileSink) => {
        const begun = await sink.begin(item('a'));
        if (begun.status !== 'write') return assert.equal(begun.status, 'unchanged');
        for (let at = 0; at < bytes.length; at += 10_000)
          await begun.write.write(bytes.subarray(at, at + 10_000));
        await begun.write.commit(announced(bytes));
      };
      await Promise.all([bring(one), bring(two), bring(one)]);
      await place.holds((await two.find('a')) ?? assert.fail(), bytes);
    });

    inPlace('of an item that changes, equal is unchanged, older is not written, newer is', async (place) => {
      const sink = await place.files();
      if (!sink) return;
      const take = async (hash: string, readAt: number, closed: boolean) => {
        const begun = await sink.begin(item('s', { hash, readAt, closed }));
        if (begun.status !== 'write') return begun.status;
        const bytes = Buffer.from(`content ${hash}`);
        await begun.write.write(bytes);
        await place.holds(await begun.write.commit(announced(bytes)), bytes);
        return 'stored';
      };
      assert.equal(await take('o', 100, false), 'stored');
      assert.equal(await take('o', 200, false), 'unchanged');
      assert.equal(await take('n', 50, false), 'older');
      assert.equal(await take('c', 60, true), 'stored', 'closed goes over open, whenever it was read');
      assert.equal(await take('p', 900, false), 'older', 'open never goes over closed');
      assert.equal(await take('b', 55, true), 'older');
      assert.equal(await take('d', 61, true), 'stored');
      assert.equal(await take('d', 61, true), 'unchanged');
    });

    describeSessions(inPlace);
  });
}

/** A bench with what a run has at hand. */
export class Place {
  readonly bench: PluginBench;
  readonly #state = openSqliteState(':memory:');
  readonly #opened: Destination[] = [];
  /** What the plugin does not take: the test says nothing of it. */
  without: string | undefined;

  constructor(bench: PluginBench) {
    this.bench = bench;
  }

  /** As another process would. */
  async open(): Promise<Destination> {
    const { plugin, settings, secret } = this.bench;
    const options: OpenDestination = {
      id: 'archive',
      name: 'Archive',
      settings: parse(this.bench, settings),
      state: ownState(this.#state, 'archive'),
      log: silentLog,
      secret: secret ?? (async (name) => assert.fail(`the bench has no secret ${name}`)),
    };
    const destination = await plugin.open(options);
    this.#opened.push(destination);
    return destination;
  }

  async files(): Promise<FileSink | undefined> {
    if (!this.bench.plugin.takes.files) this.without = 'takes no files';
    return (await this.open()).files;
  }

  async begin(sink: FileSink, what: FileItem) {
    const begun = await sink.begin(what);
    assert.equal(begun.status, 'write');
    return begun.status === 'write' ? begun.write : assert.fail();
  }

  async store(sink: FileSink, what: FileItem, bytes: Buffer): Promise<StoredFile> {
    const write = await this.begin(sink, what);
    for (let at = 0; at < bytes.length; at += 100_000) await write.write(bytes.subarray(at, at + 100_000));
    if (write.digest) assert.equal(write.digest(), announced(bytes).sha256);
    return write.commit(announced(bytes));
  }

  async holds(file: StoredFile, bytes: Uint8Array): Promise<void> {
    if (!this.bench.read) return;
    const read = await this.bench.read(file);
    assert.ok(read && Buffer.from(read).equals(bytes), `${file.name} holds what was given`);
  }

  async end(): Promise<void> {
    for (const destination of this.#opened) await destination.close();
    await this.#state.close();
  }
}

function parse({ plugin }: PluginBench, settings: unknown): unknown {
  const result = plugin.settings.safeParse(settings) as { success: boolean; data: unknown };
  assert.ok(result.success, `the bench's settings are refused: ${JSON.stringify(result)}`);
  return result.data;
}

function item(key: string, version?: FileItem['version']): FileItem {
  return {
    origin: { siteId: 'site', host: 'support.example.com', applianceId: 'A-1', apiVersion: '1.25.0' },
    stream: version === undefined ? 'session-recording' : 'session-data',
    key,
    values: {
      LSID: '0123456789abcdef0123456789abcdef',
      SESSION_TYPE: 'support',
      SUPPORT_SITE_HOST: 'support.example.com',
      EXTENSION: version === undefined ? 'flv' : 'xml',
    },
    contentType: version === undefined ? 'video/x-flv' : 'application/xml',
    ...(version === undefined ? {} : { version }),
  };
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const announced = (bytes: Uint8Array) =>
  ({ size: bytes.length, sha256: sha256(bytes), verified: 'length' }) as const;
