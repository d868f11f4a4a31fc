import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AUDIT, type AuditEntry, entryKey, GENESIS, HEAD, hashEntry } from '../shared/access/audit-entry.ts';
import { listAudit } from '../shared/access/audit-list.ts';
import { type AuditLine, appendAudit, audited } from '../shared/access/audit-log.ts';
import { type AuditCheck, type VerifyOptions, verifyAudit } from '../shared/access/audit-verify.ts';
import { Failure } from '../shared/errors.ts';
import { type Log, silentLog } from '../shared/log.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import type { StateStore } from '../shared/state/state-store.ts';
import { openTableState } from '../shared/state/table-state.ts';
import { startAzurite } from './support/azurite.ts';
import { MemoryState } from './support/memory-state.ts';

const ada = { id: 'ada-id', name: 'Ada Lovelace', roles: ['Administrator'] } as const;
const began = Date.UTC(2026, 10, 1);

function line(operation: string, more: Partial<AuditLine> = {}): AuditLine {
  return { principal: ada, operation, kind: 'change', outcome: 'done', ...more };
}

/** Entries a minute apart. */
async function chainOf(count: number, state: StateStore = new MemoryState()): Promise<StateStore> {
  for (let index = 0; index < count; index++)
    await appendAudit({ state, now: () => began + index * 60_000 }, line(`op${index}`));
  return state;
}

/** The whole walk, in small pages. */
async function walk(state: StateStore, options: VerifyOptions = {}): Promise<AuditCheck> {
  let check = await verifyAudit(state, { limit: 3, ...options });
  const all = { ...check, breaks: [...check.breaks] };
  while (check.next) {
    check = await verifyAudit(state, { limit: 3, ...options, next: check.next });
    all.breaks.push(...check.breaks);
    all.entries += check.entries;
  }
  return { ...all, breaks: all.breaks };
}

async function hostsAtOnce(open: () => StateStore): Promise<void> {
  const hosts = [open(), open(), open()];
  const [first] = hosts;
  assert.ok(first);
  await Promise.all(
    hosts.flatMap((state, host) =>
      Array.from({ length: 8 }, (_, index) =>
        appendAudit({ state, now: Date.now }, line(`host${host}-${index}`)),
      ),
    ),
  );
  const { entries } = await listAudit(first, { limit: 500 });
  assert.deepEqual(
    entries.map(({ number }) => number),
    Array.from({ length: 24 }, (_, index) => 24 - index),
  );
  assert.equal(new Set(entries.map(({ operation }) => operation)).size, 24, 'each once');
  const check = await walk(first);
  assert.deepEqual([check.breaks, check.entries, check.head?.number], [[], 24, 24]);
  for (const host of hosts) await host.close();
}

test('hosts that write at once make one chain, in SQLite', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'audit-'));
  t.after(() => rmSync(folder, { recursive: true }));
  await hostsAtOnce(() => openSqliteState(join(folder, 'state.db')));
});

test('hosts that write at once make one chain, in Table storage', async (t) => {
  const azurite = await startAzurite();
  t.after(() => azurite.stop());
  const { connectionString } = azurite;
  await hostsAtOnce(() => openTableState({ connectionString, prefix: 'Audit' }));
});

test('entries are numbered from 1 and hold the hash of the one before', async () => {
  const state = await chainOf(3);
  const { entries } = await listAudit(state, { limit: 10 });
  const [third, second, first] = entries;
  assert.ok(first && second && third);
  assert.equal(first.previous, GENESIS);
  assert.equal(second.previous, first.hash);
  assert.equal(third.previous, second.hash);
  assert.equal((await walk(state)).head?.hash, third.hash);
  assert.equal(hashEntry({ b: 1, a: [{ d: 'x', c: undefined }] }), hashEntry({ a: [{ d: 'x' }], b: 1 }));
});

test('an empty log is whole', async () => {
  assert.deepEqual(await verifyAudit(new MemoryState()), { entries: 0, breaks: [] });
});

/** What somebody with a way into the store may do, and what is told of it. */
const tampering: readonly (readonly [
  what: string,
  does: (state: StateStore) => Promise<unknown>,
  found: AuditCheck['breaks'],
])[] = [
  [
    'changes who did it',
    (state) => rewrite(state, 4, (entry) => ({ ...entry, principal: { ...ada, name: 'somebody else' } })),
    [{ what: 'changed', from: 4, to: 4 }],
  ],
  [
    'changes the first entry',
    (state) => rewrite(state, 1, (entry) => ({ ...entry, time: '2020-01-01T00:00:00.000Z' })),
    [{ what: 'changed', from: 1, to: 1 }],
  ],
  [
    'changes the newest entry',
    (state) => rewrite(state, 8, (entry) => ({ ...entry, outcome: 'failed' })),
    [{ what: 'changed', from: 8, to: 8 }],
  ],
  [
    'changes an entry and the hash that the next one has of it',
    async (state) => {
      const changed = await rewrite(state, 4, (entry) => ({ ...entry, operation: 'other' }));
      await rewrite(state, 5, (entry) => ({ ...entry, previous: hashEntry(changed) }));
    },
    [{ what: 'changed', from: 5, to: 5 }],
  ],
  [
    'adds a field',
    (state) => rewrite(state, 2, (entry) => ({ ...entry, code: 'x' })),
    [{ what: 'changed', from: 2, to: 2 }],
  ],
  ['takes one away', (state) => state.remove(...AUDIT, entryKey(5)), [{ what: 'missing', from: 5, to: 5 }]],
  [
    'takes several away, the first among them',
    async (state) => {
      for (const number of [1, 2, 3]) await state.remove(...AUDIT, entryKey(number));
    },
    [{ what: 'missing', from: 1, to: 3 }],
  ],
  [
    'cuts off the tail',
    async (state) => {
      for (const number of [7, 8]) await state.remove(...AUDIT, entryKey(number));
    },
    [{ what: 'missing', from: 7, to: 8 }],
  ],
  [
    'puts one in the place of another',
    async (state) =>
      rewrite(state, 3, async () => (await state.get<AuditEntry>(...AUDIT, entryKey(6)))?.value),
    [
      { what: 'changed', from: 3, to: 3 },
      { what: 'changed', from: 2, to: 2 },
    ],
  ],
  [
    'sets the head back',
    async (state) => {
      const sixth = (await state.get<AuditEntry>(...AUDIT, entryKey(6)))?.value;
      await state.put(...AUDIT, HEAD, { number: 6, hash: hashEntry(sixth) });
    },
    [{ what: 'beyond', from: 7, to: 8 }],
  ],
  ['takes the head away', (state) => state.remove(...AUDIT, HEAD), [{ what: 'headless', from: 1, to: 8 }]],
  [
    'empties the log but for its head',
    async (state) => {
      for (let number = 1; number <= 8; number++) await state.remove(...AUDIT, entryKey(number));
    },
    [{ what: 'missing', from: 1, to: 8 }],
  ],
];

async function rewrite(
  state: StateStore,
  number: number,
  change: (entry: AuditEntry) => unknown,
): Promise<unknown> {
  const entry = await state.get<AuditEntry>(...AUDIT, entryKey(number));
  assert.ok(entry);
  const value = await change(entry.value);
  await state.put(...AUDIT, entryKey(number), value);
  return value;
}

for (const [what, does, found] of tampering)
  test(`it is told where somebody ${what}`, async () => {
    const state = await chainOf(8);
    await does(state);
    assert.deepEqual((await walk(state)).breaks, found);
    assert.deepEqual((await walk(state, { limit: 1000 })).breaks, found);
  });

test('a head that was noted elsewhere shows a chain that was written anew, or cut off with its head', async () => {
  const known = (await walk(await chainOf(8))).head;
  assert.ok(known);
  const grown = await chainOf(8);
  // Ids differ: the same lines written again are another chain.
  assert.deepEqual((await walk(grown, { known })).breaks, [{ what: 'unlike-known', from: 8, to: 8 }]);
  assert.deepEqual((await walk(await chainOf(5), { known })).breaks, [{ what: 'missing', from: 6, to: 8 }]);
  const head = (await walk(grown)).head;
  await appendAudit({ state: grown, now: () => began }, line('later'));
  assert.deepEqual((await walk(grown, { known: head })).breaks, []);
});

test('pages by who, operation, outcome and time look at a bounded number of rows', async () => {
  const state = await chainOf(1200);
  await appendAudit(
    { state, now: () => began + 1200 * 60_000 },
    line('op7', { principal: { id: 'bob-id', name: 'Bob', roles: ['Operator'] }, outcome: 'refused' }),
  );
  const all = async (query: object) => {
    const found: number[] = [];
    let pages = 0;
    for (let next: number | undefined, first = true; first || next !== undefined; first = false) {
      const page = await listAudit(state, { limit: 100, ...query, ...(next === undefined ? {} : { next }) });
      found.push(...page.entries.map(({ number }) => number));
      next = page.next;
      pages++;
    }
    return { found, pages };
  };
  const { found } = await all({});
  assert.deepEqual(
    found,
    Array.from({ length: 1201 }, (_, index) => 1201 - index),
  );
  assert.deepEqual((await all({ who: 'bob-id' })).found, [1201]);
  assert.deepEqual((await all({ who: 'BO' })).found, [1201]);
  assert.deepEqual(await all({ operation: 'op7' }), { found: [1201, 8], pages: 2 });
  assert.deepEqual((await all({ operation: 'op7', outcome: 'done' })).found, [8]);
  assert.deepEqual((await all({ who: 'nobody' })).pages, 2, 'a thousand rows a page');
  const times = { from: began + 3 * 60_000, to: began + 6 * 60_000 };
  assert.deepEqual(await all(times), { found: [6, 5, 4], pages: 1 });
  assert.deepEqual((await all({ to: began })).found, []);
  assert.deepEqual((await all({ from: began + 1199 * 60_000 })).found, [1201, 1200]);
});

function broken(state: StateStore, when: () => boolean): StateStore {
  return new Proxy(state, {
    get(target, name) {
      const value = target[name as keyof StateStore];
      if (name !== 'batch') return value.bind(target);
      return async (...given: Parameters<StateStore['batch']>) => {
        if (when()) throw new Failure('transient', 'storage-unreachable', 'The storage cannot be reached.');
        return target.batch(...given);
      };
    },
  });
}

test('what cannot be entered is not done', async () => {
  let done = 0;
  const state = broken(new MemoryState(), () => true);
  const asked = { principal: ada, operation: 'stop', kind: 'change' } as const;
  const work = async () => void done++;
  await assert.rejects(audited({ state, log: silentLog, now: Date.now }, asked, work), {
    kind: 'transient',
    code: 'audit-unavailable',
    message: /nothing was done.*cannot be reached/,
  });
  assert.equal(done, 0);
});

test('what was done stays done and is in the log where its outcome cannot be entered', async () => {
  let writes = 0;
  const errors: string[] = [];
  const log: Log = { ...silentLog, error: (message) => void errors.push(message) };
  const inner = new MemoryState();
  const state = broken(inner, () => ++writes > 1);
  const asked = { principal: ada, operation: 'stop', kind: 'change' } as const;
  assert.equal(await audited({ state, log, now: Date.now }, asked, async () => 'answer'), 'answer');
  assert.deepEqual(errors, ['An outcome is missing in the audit log']);
  const { entries } = await listAudit(inner, { limit: 9 });
  assert.deepEqual(
    entries.map(({ outcome }) => outcome),
    ['asked'],
  );
});

test('a write whose answer was lost is entered once', async () => {
  const inner = new MemoryState();
  let lost = true;
  const state = new Proxy(inner, {
    get(target, name) {
      const value = target[name as keyof StateStore];
      if (name !== 'batch') return value.bind(target);
      return async (...given: Parameters<StateStore['batch']>) => {
        await target.batch(...given);
        // As a client does that heard nothing.
        if (lost) await target.batch(...given);
        lost = false;
      };
    },
  });
  await appendAudit({ state, now: Date.now }, line('once'));
  await appendAudit({ state, now: Date.now }, line('then'));
  const { entries } = await listAudit(inner, { limit: 9 });
  assert.deepEqual(
    entries.map(({ operation }) => operation),
    ['then', 'once'],
  );
});

test('an entry stays small whatever is sent', async () => {
  const state = new MemoryState();
  const long = 'x'.repeat(10_000);
  const target = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`${index}${long}`, long]));
  const changes = Array.from({ length: 1000 }, () => long);
  const entry = await appendAudit({ state, now: Date.now }, line('large', { target, changes }));
  assert.ok(JSON.stringify(entry).length < 50_000);
  assert.equal(entry.more, 900);
});

test('what fails is entered with its code, and thrown on', async () => {
  const state = new MemoryState();
  const asked = { principal: ada, operation: 'move', kind: 'change', target: { to: 'there' } } as const;
  const failure = new Failure('terminal', 'disk-full', 'No.');
  await assert.rejects(
    audited({ state, log: silentLog, now: () => began }, asked, () => Promise.reject(failure)),
    failure,
  );
  const { entries } = await listAudit(state, { limit: 9 });
  assert.deepEqual(
    entries.map(({ number, of, outcome, code, target }) => ({ number, of, outcome, code, target })),
    [
      { number: 2, of: 1, outcome: 'failed', code: 'disk-full', target: undefined },
      { number: 1, of: undefined, outcome: 'asked', code: undefined, target: { to: 'there' } },
    ],
  );
});
