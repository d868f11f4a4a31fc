import assert from 'node:assert/strict';
import type { CatalogItem } from '../../shared/destinations/file/catalog.ts';
import { type Run, transferKey } from '../../shared/runs/run.ts';
import type { SessionTruth } from '../appliance/simulated-appliance.ts';
import type { Job } from './host.ts';
import type { TestSite } from './installation.ts';
import type { StoredFile, StoredState } from './stored-state.ts';

/**
 * Holds what is stored against what the appliances say there is: every session, document, recording and backup once,
 * whole, with the right content, and nothing else; and the state says the same as the disk. Slices may be left only
 * where messages were delivered twice: the second reading may come to its end after the run has.
 */
export function checkStored(
  stored: StoredState,
  sites: readonly TestSite[],
  delivery: Job['delivery'] = 'once',
): void {
  checkRuns(stored);
  checkCatalog(stored);
  checkState(stored);
  if (delivery === 'once') assert.deepEqual(stored.leftovers.staged, [], 'slices that nobody removed');
  for (const site of sites) checkSite(stored, site);
  const wanted = sites.flatMap((site) => wantedSessions(site).map(({ session }) => session.lsid));
  assert.deepEqual(stored.sessions.map(({ lsid }) => lsid).sort(), wanted.sort(), 'sessions in the database');
  assert.deepEqual(stored.errors, [], 'unexpected errors in the log');
  assert.deepEqual(stored.going, [], 'orchestrations that have not completed');
}

function wantedSessions({ appliance, begin }: TestSite): SessionTruth[] {
  return [...appliance.truth.sessions()].filter(
    ({ session }) => (session.endTime ?? session.startTime ?? 0) >= begin,
  );
}

function checkSite(stored: StoredState, site: TestSite): void {
  const { appliance, hostName, openSessionHours = 72 } = site;
  const items = stored.items.filter(({ host }) => host === hostName);
  const keysOf = (stream: string) =>
    items
      .filter((item) => item.stream === stream)
      .map(({ key }) => key)
      .sort();
  const keyOf = (stream: string, key: string) => [hostName, stream, key].join('|');
  const final = wantedSessions(site).filter(
    ({ session }) =>
      session.endTime !== null || appliance.clock.now() - (session.startTime ?? 0) > openSessionHours * 3600,
  );
  const lsids = final.map(({ session }) => session.lsid);
  assert.deepEqual(keysOf('session-data'), lsids.map((lsid) => keyOf('session-data', lsid)).sort());
  const recorded = final.filter(({ hasRecording }) => hasRecording).map(({ session }) => session.lsid);
  assert.deepEqual(
    keysOf('session-recording'),
    recorded.map((lsid) => keyOf('session-recording', lsid)).sort(),
  );
  const instants = new Set(
    stored.runs
      .filter(({ transfers }) => transfers.some(({ siteId }) => siteId === site.id))
      .map(({ dueAt }) => `${dueAt.slice(0, 19).replace(/[-:]/g, '')}Z`),
  );
  assert.deepEqual(
    keysOf('backup'),
    [...instants].map((instant) => keyOf('backup', instant)).sort(),
    'one backup for each due instant',
  );
  for (const item of items) checkContent(item, stored.files.get(item.name), site);
}

function checkContent(
  { key, stream, name }: CatalogItem,
  file: StoredFile | undefined,
  site: TestSite,
): void {
  const lsid = key.split('|')[2] ?? '';
  const { truth } = site.appliance;
  if (stream === 'session-data') assert.deepEqual(file?.session, truth.session(lsid)?.session, name);
  else if (stream === 'session-recording')
    assert.deepEqual({ size: file?.size, sha256: file?.sha256 }, truth.recording(lsid), name);
  else assert.equal(file?.size, truth.lastBackup?.size, name);
}

function checkRuns({ runs, rows }: StoredState): void {
  for (const { id, status, finishedAt, results, scheduleId = '' } of runs) {
    assert.ok(finishedAt !== undefined, `run ${id} has not finished`);
    assert.equal(status, 'succeeded', `run ${id}: ${JSON.stringify(results)}`);
    const state = rows.get(`claims/schedule/${scheduleId}`) as { readonly lastRun?: string } | undefined;
    const newest = runs
      .filter((run: Run) => run.scheduleId === scheduleId)
      .map(({ dueAt }) => dueAt)
      .sort()
      .at(-1);
    assert.equal(state?.lastRun, newest, `Last Run of ${scheduleId}`);
  }
}

/** Rows of items, rows of names and files are the same things three times. */
function checkCatalog({ items, names, files }: StoredState): void {
  const owned = new Map<string, string>();
  for (const item of items) {
    assert.equal(item.state, 'stored', `${item.key} is ${item.state}`);
    assert.equal(item.next, undefined, `${item.key} still has a name reserved`);
    assert.equal(item.promised, undefined, `${item.key} still promises a content`);
    for (const { name, size, sha256 } of [item, ...(item.earlier ?? [])]) {
      assert.ok(!owned.has(name), `${name} belongs to two items`);
      owned.set(name, item.key);
      const file = files.get(name);
      assert.deepEqual({ size: file?.size, sha256: file?.sha256 }, { size, sha256 }, `${name} and its row`);
    }
  }
  assert.deepEqual([...files.keys()].sort(), [...owned.keys()].sort(), 'files and the catalog');
  assert.deepEqual(
    names.map(({ name, item }) => [name, item]).sort(),
    [...owned].sort(),
    'names that are taken, and by what',
  );
}

function checkState({ rows, runs }: StoredState): void {
  const keys = [...rows.keys()];
  assert.deepEqual(
    keys.filter((key) => key.startsWith('ledger/')),
    [],
    'files that are still owed',
  );
  assert.deepEqual(
    keys.filter((key) => key.startsWith('leases/') && key.includes('/reader|')),
    [],
    'leases of readers that nobody gave back',
  );
  const transfers = new Set(
    runs.flatMap(({ transfers }) =>
      transfers
        .filter(({ stream }) => stream !== 'backup')
        .map((transfer) => `watermarks/${transfer.siteId}/${transferKey(transfer)}`),
    ),
  );
  assert.deepEqual(keys.filter((key) => key.startsWith('watermarks/')).sort(), [...transfers].sort());
}
