import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import { type StateStore, stateKey } from '../shared/state/state-store.ts';
import { openTableState } from '../shared/state/table-state.ts';
import type { FileDescription } from '../shared/streams/stream.ts';
import {
  itemPart,
  ledgerKey,
  ledgerPartition,
  type OwedItem,
  owe,
  setAside,
} from '../shared/transfer/ledger.ts';
import { type Azurite, startAzurite } from './support/azurite.ts';

let azurite: Azurite;
before(async () => {
  azurite = await startAzurite();
});
after(() => azurite?.stop());

const adapters = {
  SQLite: () => openSqliteState(':memory:'),
  'Azure Table': () => openTableState({ connectionString: azurite.connectionString, prefix: 'ledger' }),
};
const file = (key: string): FileDescription => ({ key, lsid: key, values: { LSID: key }, extension: 'flv' });
const recordings = 'session-recording';

let sites = 0;
async function rows(state: StateStore, site: string): Promise<OwedItem[]> {
  const page = await state.list<OwedItem>('ledger', ledgerPartition(site, recordings));
  return page.entries.map(({ value }) => value);
}

for (const [name, open] of Object.entries(adapters))
  describe(name, () => {
    let state: StateStore;
    let site: string;
    before(() => {
      state = open();
    });
    after(() => state.close());
    const fresh = () => {
      site = `site-${name.length}-${sites++}`;
    };

    test('owing twice adds nothing and changes nothing', async () => {
      fresh();
      const items = Array.from({ length: 130 }, (_, at) => ({ item: file(`k${at}`), destinationId: 'd' }));
      assert.equal(await owe(state, site, recordings, items, 1000), 130);
      const first = await rows(state, site);
      assert.equal(first.length, 130);
      assert.equal(await owe(state, site, recordings, items, 2000), 0);
      assert.deepEqual(await rows(state, site), first);
    });

    test('what is new among what is there is added', async () => {
      fresh();
      const item = (key: string) => ({ item: file(key), destinationId: 'd' });
      await owe(state, site, recordings, [item('a'), item('b')], 1000);
      assert.equal(await owe(state, site, recordings, [item('b'), item('c'), item('a')], 2000), 1);
      assert.deepEqual(
        (await rows(state, site)).map(({ item: { key }, owedSince }) => [key, owedSince]),
        [
          ['a', 1000],
          ['b', 1000],
          ['c', 2000],
        ],
      );
    });

    test('an item that is named twice is owed once', async () => {
      fresh();
      const twice = [0, 1].map(() => ({ item: file('a'), destinationId: 'd' }));
      assert.equal(await owe(state, site, recordings, twice, 1000), 1);
      assert.equal((await rows(state, site)).length, 1);
    });

    test('an item is owed to each destination by itself, and its rows stand together', async () => {
      fresh();
      const items = ['b', 'a'].flatMap((key) =>
        ['two', 'one'].map((destinationId) => ({ item: file(key), destinationId })),
      );
      assert.equal(await owe(state, site, recordings, items, 1000), 4);
      assert.deepEqual(
        (await rows(state, site)).map(({ item, destinationId }) => `${item.key} ${destinationId}`),
        ['a one', 'a two', 'b one', 'b two'],
      );
    });

    test('what was tried or set aside stays so, until a pull asks for it by name', async () => {
      fresh();
      const failure = { kind: 'item', code: 'refused', message: 'No.' } as const;
      await setAside(state, site, recordings, file('a'), 'd', failure, 500);
      const items = [{ item: file('a'), destinationId: 'd' }];
      assert.equal(await owe(state, site, recordings, items, 1000), 0);
      assert.deepEqual(
        (await rows(state, site)).map((row) => [row.state, row.lastFailure?.code]),
        [['set-aside', 'refused']],
      );
      assert.equal(await owe(state, site, recordings, items, 2000, 'pull-1'), 0);
      const [wanted] = await rows(state, site);
      assert.deepEqual(
        [wanted?.state, wanted?.wantedBy, wanted?.nextAttempt, wanted?.lastFailure, wanted?.attempts],
        ['pending', 'pull-1', 2000, undefined, 1],
      );
      // A repeat of the pull's own step leaves alone what it has tried since.
      const tried = { ...(wanted as OwedItem), lastFailure: failure, attempts: 2 };
      await state.put('ledger', ledgerPartition(site, recordings), ledgerKey(file('a'), 'd'), tried);
      await owe(state, site, recordings, items, 3000, 'pull-1');
      assert.deepEqual(await rows(state, site), [tried]);
    });

    test('two that owe the same at once leave one row each', async () => {
      fresh();
      const items = Array.from({ length: 20 }, (_, at) => ({ item: file(`k${at}`), destinationId: 'd' }));
      const added = await Promise.all([1, 2, 3].map((now) => owe(state, site, recordings, items, now)));
      assert.equal(
        added.reduce((sum, one) => sum + one, 0),
        20,
      );
      assert.equal((await rows(state, site)).length, 20);
    });
  });

test('the item can be told from a key, whatever signs it has', () => {
  for (const key of ['plain', 'with~tilde', 'a|1', 'Ä/..\\', '20260101T000000Z']) {
    assert.equal(itemPart(ledgerKey(file(key), 'some-destination')), stateKey(key));
  }
});
