import assert from 'node:assert/strict';
import type { Destination } from '../../shared/destinations/destination.ts';
import { type CatalogItem, listCatalogItems } from '../../shared/destinations/file/catalog.ts';
import type { ConflictHandling } from '../../shared/destinations/file/conflict.ts';
import {
  contentOf,
  destinationId,
  type FilePlace,
  itemOf,
  openAt,
  storeIn,
  versionOf,
} from './file-place.ts';

/** One thing a destination may be doing when it is cut off. */
export interface Scenario {
  readonly title: string;
  readonly handling: ConflictHandling;
  setUp(place: FilePlace): Promise<unknown>;
  run(destination: Destination): Promise<unknown>;
}

const recording = (key: string, lsid: string) => (destination: Destination) =>
  storeIn(destination, itemOf(key, lsid), `bytes of ${key}`, 4);
const session = (hash: string, readAt: number) => (destination: Destination) =>
  storeIn(destination, itemOf('s', '7', versionOf(hash, readAt)), `content ${hash}`, 4);
const nothing = async () => undefined;

export const scenarios: readonly Scenario[] = [
  { title: 'a new item', handling: 'AppendNumber', setUp: nothing, run: recording('a', '1') },
  {
    title: 'a new item whose name another item has',
    handling: 'AppendNumber',
    setUp: (place) => recording('b', '1')(openAt(place)),
    run: recording('a', '1'),
  },
  {
    title: 'a new item whose name a strange file has',
    handling: 'AppendNumber',
    setUp: (place) => place.plant('1.flv', 'strange'),
    run: recording('a', '1'),
  },
  {
    title: 'a new version, AppendNumber',
    handling: 'AppendNumber',
    setUp: (place) => session('old', 10)(openAt(place)),
    run: session('new', 20),
  },
  { title: 'a new item, Overwrite', handling: 'Overwrite', setUp: nothing, run: recording('a', '1') },
  {
    title: 'a new version, Overwrite',
    handling: 'Overwrite',
    setUp: (place) => session('old', 10)(openAt(place, { handling: 'Overwrite' })),
    run: session('new', 20),
  },
  {
    title: 'overwriting a strange file',
    handling: 'Overwrite',
    setUp: (place) => place.plant('1.flv', 'strange'),
    run: recording('a', '1'),
  },
  {
    title: "overwriting another item's file",
    handling: 'Overwrite',
    setUp: (place) => recording('b', '1')(openAt(place, { handling: 'Overwrite' })),
    run: recording('a', '1'),
  },
  {
    title: 'skipping a strange file',
    handling: 'Skip',
    setUp: (place) => place.plant('1.flv', 'strange'),
    run: recording('a', '1'),
  },
  {
    title: 'a new version, Skip',
    handling: 'Skip',
    setUp: (place) => session('old', 10)(openAt(place, { handling: 'Skip' })),
    run: session('new', 20),
  },
];

export async function catalogOf(place: FilePlace): Promise<readonly CatalogItem[]> {
  const rows: CatalogItem[] = [];
  for await (const row of listCatalogItems(place.state, destinationId)) rows.push(row);
  return rows;
}

/** What is stored, without what differs from run to run. */
export async function pictureOf(place: FilePlace): Promise<unknown> {
  const rows = (await catalogOf(place)).map((row) => {
    const { storedAt: _, tag: __, touch: ____, replacedBy, earlier, ...kept } = row;
    return {
      ...kept,
      replacedBy: replacedBy?.key,
      earlier: earlier?.map(({ storedAt: ___, ...file }) => ({ ...file, replacedBy: file.replacedBy?.key })),
    };
  });
  const names: unknown[] = [];
  const page = await place.state.list('catalog', destinationId, { from: 'name|', before: 'name~' });
  for (const entry of page.entries) names.push(entry.value);
  return { files: [...(await place.list())].sort(), rows, names };
}

/** The catalog and the store say the same: no file without its item, no item that is stored without its file. */
export async function assertSound(place: FilePlace, planted: readonly string[] = []): Promise<void> {
  const files = await place.list();
  const claimed = new Map<string, string>();
  for (const row of await catalogOf(place)) {
    const own = row.state === 'stored' ? [row] : [];
    for (const { name, sha256, replacedBy } of [...own, ...(row.earlier ?? [])]) {
      if (replacedBy !== undefined) continue;
      assert.ok(!claimed.has(name), `${name} is claimed by ${claimed.get(name)} and ${row.key}`);
      claimed.set(name, row.key);
      const content = files.get(name);
      assert.ok(content !== undefined, `${row.key} is ${row.state} as ${name}, which is not there`);
      assert.equal(contentOf(Buffer.from(content, 'latin1')).sha256, sha256, `content of ${name}`);
    }
  }
  for (const name of files.keys()) {
    assert.ok(claimed.has(name) || planted.includes(name), `${name} belongs to no item`);
  }
}
