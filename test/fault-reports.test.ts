import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Run } from '../shared/runs/run.ts';
import type { FaultKind } from './appliance/simulated-appliance.ts';
import { type Installation, resultOf, startInstallation } from './support/installation.ts';
import { databaseDifferences, folderDifferences, none } from './support/stored.ts';

interface Case {
  readonly fault: FaultKind;
  /** What the user reads when it does not go away. */
  readonly code: string;
  readonly says: RegExp;
}

/** One appliance each, all in one run. */
const cases: Readonly<Record<string, Case>> = {
  'cut-length': {
    fault: { kind: 'cut', afterBytes: 3000, framing: 'length' },
    code: 'truncated',
    says: /the report SupportSession early/,
  },
  'cut-chunked': {
    fault: { kind: 'cut', afterBytes: 3000, framing: 'chunked' },
    code: 'truncated',
    says: /the report SupportSession early/,
  },
  'cut-unseen': {
    fault: { kind: 'cut', afterBytes: 3000, framing: 'none' },
    code: 'truncated',
    says: /report ended early/,
  },
  reset: { fault: { kind: 'reset', afterBytes: 3000 }, code: 'truncated', says: /early/ },
  stall: { fault: { kind: 'stall', afterBytes: 500 }, code: 'stalled', says: /no byte for 1 s/ },
  silence: { fault: { kind: 'stall' }, code: 'stalled', says: /no answer within 1 s/ },
  evicted: { fault: { kind: 'evict-token' }, code: 'no-permission', says: /permission/ },
  busy: {
    fault: { kind: 'too-many-requests', retryAfterSeconds: 1 },
    code: 'too-many-requests',
    says: /fewer requests.*lower/,
  },
  broken: { fault: { kind: 'server-error' }, code: 'appliance-unavailable', says: /500/ },
  page: { fault: { kind: 'html' }, code: 'unexpected-document', says: /./ },
  'error-root': {
    fault: { kind: 'error-document' },
    code: 'appliance-error',
    says: /could not be completed/,
  },
  'error-child': {
    fault: { kind: 'error-document', nested: true, attributes: true },
    code: 'appliance-error',
    says: /could not be completed/,
  },
  healthy: { fault: { kind: 'slow-drip', bytesPerSecond: 1_000_000 }, code: '', says: /./ },
};
const faulty = Object.entries(cases).filter(([id]) => id !== 'healthy');

let installation: Installation;
before(async () => {
  installation = await startInstallation({
    sites: Object.fromEntries(Object.keys(cases).map((id) => [id, {}])),
    hoursBack: 2,
    appliances: { retry: { attempts: 1 } },
    transfers: Object.keys(cases).flatMap((id) => [
      { site: id, destination: 'folder', dataTypes: ['session-data'] },
      { site: id, destination: 'database', dataTypes: ['session-data'] },
    ]),
  });
});
after(() => installation.close());

function failures({ results = [] }: Run): string {
  return results
    .flatMap(({ siteId, failure }) => (failure ? [`${siteId}: ${failure.message}`] : []))
    .join('\n');
}

async function everythingIsThere(): Promise<void> {
  assert.deepEqual(await folderDifferences(installation, undefined, { documentsOnly: true }), none);
  assert.deepEqual(databaseDifferences(installation), none);
}

test('without faults everything is there', async () => {
  const run = await installation.run();
  assert.equal(run.status, 'succeeded', failures(run));
  await everythingIsThere();
});

/** A window is two readings at once. A token that is refused twice in a row is a refusal. */
function timesOf(code: string | undefined): number {
  return code === 'no-permission' ? 1 : 2;
}

test('a fault that comes once costs a second reading and nothing else', async () => {
  installation.passTime(2 * 3600);
  for (const [id, { fault, code }] of Object.entries(cases))
    installation.appliance(id).faults.add(fault, { request: 'SupportSession', times: timesOf(code) });
  const from = new Map([...installation.appliances].map(([id, { log }]) => [id, log.length]));
  const run = await installation.run();
  assert.equal(run.status, 'succeeded', failures(run));
  await everythingIsThere();
  for (const [id, { log }] of installation.appliances) {
    const met = log.slice(from.get(id)).filter(({ fault }) => fault !== undefined);
    assert.equal(met.length, timesOf(cases[id]?.code), `${id} had its faults`);
  }
});

test('a fault that stays fails its site alone, moves no watermark and stores nothing wrong', async () => {
  installation.passTime(2 * 3600);
  for (const [id, { fault }] of faulty)
    installation.appliance(id).faults.add(fault, { request: 'SupportSession', times: 1000 });
  const marks = await allMarks();
  const run = await installation.run();
  assert.equal(run.status, 'partial');
  for (const [id, { code, says }] of faulty) {
    for (const destination of ['folder', 'database']) {
      const { status, failure } = resultOf(run, 'session-data', destination, id);
      assert.deepEqual([id, status, failure?.code], [id, 'failed', code], failure?.message);
      const message = failure?.message ?? '';
      assert.match(message, says, id);
      assert.ok(message.startsWith(`Site ${id} (localhost:`) || message.includes(`Site ${id}`), message);
      assert.ok(!message.includes('\n') && message.length < 400, message);
    }
  }
  assert.equal(resultOf(run, 'session-data', 'folder', 'healthy').status, 'succeeded');
  const after = await allMarks();
  for (const [id] of faulty) assert.deepEqual(after.get(id), marks.get(id), `${id}: the watermark stays`);
  assert.ok((after.get('healthy')?.to ?? 0) > (marks.get('healthy')?.to ?? 0));
  const files = await folderDifferences(installation, undefined, { documentsOnly: true });
  assert.deepEqual([files.wrong, files.strange], [[], []]);
  for (const [id] of faulty)
    assert.ok(
      files.missing.some((name) => name.startsWith(id)),
      `${id} lacks something`,
    );
  assert.deepEqual(databaseDifferences(installation).strange, []);
});

async function allMarks() {
  const marks = new Map<string, Awaited<ReturnType<Installation['watermark']>>>();
  for (const id of installation.appliances.keys())
    marks.set(id, await installation.watermark(id, 'session-data', 'folder'));
  return marks;
}

test('the run after it brings everything', async () => {
  for (const { faults } of installation.appliances.values()) faults.clear();
  const run = await installation.run();
  assert.equal(run.status, 'succeeded', failures(run));
  await everythingIsThere();
});
