import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Run } from '../shared/runs/run.ts';
import { ledgerPartition, type OwedItem } from '../shared/transfer/ledger.ts';
import type { FaultKind, FaultPlan } from './appliance/simulated-appliance.ts';
import { type Installation, resultOf, startInstallation } from './support/installation.ts';
import { filesIn } from './support/job.ts';
import { evidence, folderDifferences, isBackup, none, sizeAndHash } from './support/stored.ts';

/** How an appliance sends files; and, one each, what goes wrong with two of its recordings. */
const cases: Readonly<
  Record<
    string,
    { readonly framing?: 'length' | 'chunked' | 'none'; readonly fault: FaultKind; readonly says: RegExp }
  >
> = {
  'cut-length': {
    fault: { kind: 'cut', afterBytes: 2000, framing: 'length' },
    says: /ended the recording of session \w+ early/,
  },
  'cut-chunked': {
    framing: 'chunked',
    fault: { kind: 'cut', afterBytes: 2000, framing: 'chunked' },
    says: /ended the recording of session \w+ early/,
  },
  'cut-unseen': { framing: 'none', fault: { kind: 'cut', afterBytes: 2000, framing: 'none' }, says: /./ },
  stall: {
    fault: { kind: 'stall', afterBytes: 100 },
    says: /the recording of session \w+ stalled: no byte for 1 s/,
  },
  page: { fault: { kind: 'html' }, says: /sign in/i },
  error: {
    fault: { kind: 'error-document', message: 'Une erreur est survenue.', attributes: true },
    says: /Une erreur est survenue/,
  },
  waiting: { fault: { kind: 'recording-not-ready' }, says: /still being processed/ },
};
const ids = Object.keys(cases);
/** A stall takes its time: where it stays is for the reports to show. */
const staying = ids.filter((id) => id !== 'stall');

let installation: Installation;
before(async () => {
  installation = await startInstallation({
    sites: Object.fromEntries(
      Object.entries(cases).map(([id, { framing = 'length' }]) => [id, { bodyFraming: framing }]),
    ),
    hoursBack: 1,
    appliances: { retry: { attempts: 1 } },
    transfers: ids.map((site) => ({
      site,
      destination: 'folder',
      dataTypes: ['session-data', 'session-recording', 'backup'],
    })),
  });
});
after(() => installation.close());

async function owed(siteId: string): Promise<OwedItem[]> {
  const page = await installation.services.state.list<OwedItem>(
    'ledger',
    ledgerPartition(siteId, 'session-recording'),
  );
  return page.entries.map(({ value }) => value);
}

test('each way of sending files has its own proof that they are whole', async () => {
  const run = await installation.run();
  assert.equal(run.status, 'succeeded', failures(run));
  assert.deepEqual(await folderDifferences(installation), none);
  const proofs = await evidence(installation);
  for (const [name, { bytes }] of filesIn(installation.data.files)) {
    const site = name.split('.', 1)[0] ?? '';
    const { framing = 'length' } = cases[site] ?? {};
    const expected = name.endsWith('.xml')
      ? 'end-tag'
      : framing !== 'none'
        ? framing
        : isBackup(name)
          ? 'unverified'
          : 'read-twice';
    assert.equal(proofs.get(name), expected, name);
    assert.ok(bytes.length > 0);
  }
});

test('a recording without size evidence is read twice; a snapshot without is stored with an alarm', async () => {
  const { log, truth } = installation.appliance('cut-unseen');
  const asked = log
    .filter(({ request }) => request === 'SupportSessionRecording')
    .map(({ parameters }) => parameters.lsid);
  assert.ok(asked.length > 0);
  for (const lsid of asked)
    assert.equal(asked.filter((other) => other === lsid).length, 2, `${lsid} was read twice`);
  const [run] = (await installation.services.state.list<Run>('runs', 'run')).entries.map(
    ({ value }) => value,
  );
  assert.ok(run);
  assert.match(
    resultOf(run, 'backup', 'folder', 'cut-unseen').alarms.join(),
    /nothing proves that it is whole/,
  );
  assert.deepEqual(resultOf(run, 'backup', 'folder', 'cut-length').alarms, []);
  // Two backups are never alike; the one that is kept is whole as well.
  assert.equal(log.filter(({ request }) => request === 'backup').length, 2);
  const [backup] = [...filesIn(installation.data.files)].filter(
    ([name]) => isBackup(name) && name.startsWith('cut-unseen'),
  );
  assert.equal(backup?.[1].bytes.length, truth.lastBackup?.size);
  assert.notEqual(sizeAndHash(backup?.[1] ?? assert.fail()).sha256, truth.lastBackup?.sha256);
});

test('a fault that comes once costs another reading within the run, or the next run', async () => {
  installation.passTime(1.5 * 3600);
  for (const id of ids)
    installation
      .appliance(id)
      .faults.add(cases[id]?.fault ?? assert.fail(), { request: 'SupportSessionRecording' });
  const run = await installation.run();
  const differences = await folderDifferences(installation);
  assert.deepEqual([differences.wrong, differences.strange], [[], []]);
  for (const id of ids) {
    const { log } = installation.appliance(id);
    assert.equal(log.filter(({ fault }) => fault !== undefined).length, 1, `${id} had its fault`);
    const missing = differences.missing.filter((name) => name.startsWith(id));
    // What the appliance says in words is no hiccup: that recording waits for a later run, and holds up nothing.
    const later = ['page', 'error', 'waiting'].includes(id);
    assert.equal(missing.length, later ? 1 : 0, `${id} lacks ${missing.join()}`);
    const { status, counts, alarms } = resultOf(run, 'session-recording', 'folder', id);
    assert.deepEqual([id, status, counts.postponed], [id, later ? 'partial' : 'succeeded', later ? 1 : 0]);
    if (later) assert.match(alarms.join('\n'), cases[id]?.says ?? /$^/);
  }
  installation.passTime(600);
  const next = await installation.run();
  assert.equal(next.status, 'succeeded', failures(next));
  assert.deepEqual(await folderDifferences(installation), none);
});

test('a snapshot whose readings break off, the second one sooner, is not taken for whole', async () => {
  installation.passTime(1.5 * 3600);
  const { faults, log, truth } = installation.appliance('cut-unseen');
  for (const afterBytes of [8000, 4000])
    faults.add({ kind: 'cut', afterBytes, framing: 'none' }, { request: 'backup' });
  const asked = log.length;
  const run = await installation.run();
  assert.equal(run.status, 'succeeded', failures(run));
  const readings = log.slice(asked).filter(({ request }) => request === 'backup');
  assert.deepEqual(
    readings.map(({ fault }) => fault),
    ['cut', 'cut', undefined, undefined],
  );
  for (const [name, { bytes }] of filesIn(installation.data.files))
    if (isBackup(name) && name.startsWith('cut-unseen'))
      assert.equal(bytes.length, truth.lastBackup?.size, name);
});

/** Two readings that break off after the very same byte cannot be told from whole ones: here no two do. */
function addForGood(faults: FaultPlan, fault: FaultKind): void {
  const match = { request: 'SupportSessionRecording' };
  if (fault.kind !== 'cut' || fault.framing !== 'none') faults.add(fault, { ...match, times: 1000 });
  else
    for (let more = 0; more < 100; more++)
      faults.add({ ...fault, afterBytes: fault.afterBytes + more }, match);
}

test('a fault that stays leaves the recordings owed with their reason, and holds up nothing else', async () => {
  installation.passTime(1.5 * 3600);
  for (const id of staying) addForGood(installation.appliance(id).faults, cases[id]?.fault ?? assert.fail());
  const run = await installation.run();
  assert.equal(run.status, 'partial');
  const differences = await folderDifferences(installation);
  assert.deepEqual([differences.wrong, differences.strange], [[], []]);
  assert.ok(
    differences.missing.every((name) => name.endsWith('.flv')),
    'session data and backups are there',
  );
  for (const id of staying) {
    const missing = differences.missing.filter((name) => name.startsWith(id));
    assert.ok(missing.length > 0, `${id} had recordings`);
    const rows = await owed(id);
    assert.equal(rows.length, missing.length, `${id}: each missing recording is owed`);
    const reasons = rows.map(({ lastFailure }) => lastFailure?.message ?? '');
    for (const row of rows) assert.equal(row.state, 'pending');
    for (const reason of reasons) {
      assert.match(reason, cases[id]?.says ?? /$^/, id);
      assert.ok(
        (reason.includes(`Site ${id}`) || reason.includes(`${id}.example.com`)) && !reason.includes('\n'),
        reason,
      );
    }
  }
});

test('when the fault is gone the recordings come, without the sessions being read for them again', async () => {
  for (const id of ids) installation.appliance(id).faults.clear();
  installation.passTime(3600);
  const run = await installation.run();
  assert.equal(run.status, 'succeeded', failures(run));
  assert.deepEqual(await folderDifferences(installation), none);
  for (const id of ids) assert.deepEqual(await owed(id), []);
});

test('an expired recording is set aside with its reason, blocks nothing, and is not asked for again', async () => {
  installation.passTime(1.5 * 3600);
  const id = 'cut-length';
  const { faults, log, truth } = installation.appliance(id);
  faults.add({ kind: 'recording-expired' }, { request: 'SupportSessionRecording' });
  const run = await installation.run();
  assert.equal(resultOf(run, 'session-recording', 'folder', id).status, 'partial');
  assert.equal(resultOf(run, 'session-recording', 'folder', id).counts.setAside, 1);
  const { missing, wrong, strange } = await folderDifferences(installation);
  assert.deepEqual([missing.length, wrong, strange], [1, [], []]);
  const [row, ...more] = await owed(id);
  assert.deepEqual([row?.state, row?.lastFailure?.code, more], ['set-aside', 'recording-expired', []]);
  assert.ok(missing[0]?.includes(row?.item.key ?? '?') && truth.recording(row?.item.key ?? '') !== undefined);
  assert.match(
    row?.lastFailure?.message ?? '',
    /Site cut-length .*recording of session \w+ has expired on the appliance/,
  );
  installation.passTime(1.5 * 3600);
  const from = log.length;
  const next = await installation.run();
  assert.equal(resultOf(next, 'session-recording', 'folder', id).status, 'succeeded');
  assert.ok(!log.slice(from).some(({ parameters }) => parameters.lsid === row?.item.key));
  assert.deepEqual((await folderDifferences(installation)).missing, missing);
});

function failures({ results = [] }: Run): string {
  return results
    .flatMap(({ siteId, stream, failure, alarms }) =>
      [failure?.message, ...alarms].filter(Boolean).map((text) => `${siteId} ${stream}: ${text}`),
    )
    .join('\n');
}
