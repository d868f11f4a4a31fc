import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FailureReport } from '../shared/errors.ts';
import { filesOrchestration, snapshotOrchestration } from '../shared/transfer/files-orchestration.ts';
import type { SessionsPlan, Slice } from '../shared/transfer/plan-sessions.ts';
import { type GroupInput, runOrchestration } from '../shared/transfer/run-orchestration.ts';
import { type SessionsInput, sessionsOrchestration } from '../shared/transfer/sessions-orchestration.ts';
import { type Answers, type Asked, drive } from './support/hand-driven.ts';

const folder = 'site|session-data|folder';
const database = 'site|session-data|database';
const recordings = 'site|session-recording|folder';
const input: SessionsInput = {
  runId: 'run',
  instanceId: 'run-g0',
  siteId: 'site',
  feed: 'sessions',
  streams: ['session-data', 'session-recording'],
  transfers: [folder, database, recordings],
};
const broken: FailureReport = {
  kind: 'transient',
  code: 'connection-lost',
  message: 'The connection broke.',
};
const failed = { status: 'failed', failure: broken };
const done = { status: 'done' };
const cancelled = { status: 'cancelled' };
const drained = { ...done, failures: [], more: false };

const subs = { 'site-files': filesOrchestration };
const driveSessions = (given: SessionsInput, said: Answers) =>
  drive(sessionsOrchestration, given, said, subs);
const driveSnapshot = (given: GroupInput, said: Answers) => drive(snapshotOrchestration, given, said, subs);

function plan(slices: readonly Slice[], more = false): SessionsPlan {
  const bounds = { floor: 0, begin: 0 };
  const marks = Object.fromEntries(input.transfers.map((key) => [key, { etag: `${key}-0`, ...bounds }]));
  return { appliance: 1000, ours: 1000, pull: false, slices, more, marks, refused: {} };
}

const slice = (from: number, to: number, transfers: readonly string[] = input.transfers): Slice => ({
  from,
  to,
  transfers,
});

/** Everything goes well, but for what the test says. */
function answers(slices: readonly Slice[], more: Answers = {}): Answers {
  let etags = 0;
  let reads = 0;
  return {
    'lease-reader': () => ({ taken: true }),
    'plan-sessions': () => ({ ...done, ...plan(slices) }),
    'read-report': () => ({ ...done, staged: `staged-${reads++}`, sessions: 1, tooLarge: false, readAt: 1 }),
    'write-report': () => done,
    'commit-slice': () => ({ ...done, etag: `etag-${etags++}` }),
    'drop-staged': () => ({}),
    'plan-looks': () => ({ ...done, batches: [] }),
    'end-reading': () => ({}),
    drain: () => drained,
    ...more,
  };
}

const of = (asked: readonly Asked[], name: string): Asked['input'][] =>
  asked.filter((one) => one.name === name).map((one) => one.input);
const commits = (asked: readonly Asked[]) =>
  of(asked, 'commit-slice').map(({ transfer, to }: { transfer: string; to: number }) => `${transfer} ${to}`);

test('slices are read one after the other, written to each transfer, their staged copies dropped, and committed', () => {
  const { result, asked } = driveSessions(input, answers([slice(0, 10), slice(10, 20)]));
  assert.deepEqual(result, { failures: {}, cancelled: false });
  const names = asked.map(({ name }) => name);
  const oneSlice = [
    ...Array(2).fill('read-report'),
    ...Array(6).fill('write-report'),
    'drop-staged',
    ...Array(3).fill('commit-slice'),
  ];
  assert.deepEqual(names, [
    'lease-reader',
    'plan-sessions',
    ...oneSlice,
    ...oneSlice,
    'plan-looks',
    'end-reading',
    'site-files',
    'drain',
  ]);
  assert.deepEqual(
    of(asked, 'read-report').map(({ selector: { by, from, to } }) => `${by} ${from}-${to}`),
    ['end_time 0-10', 'start_time 0-10', 'end_time 10-20', 'start_time 10-20'],
  );
  assert.deepEqual(
    of(asked, 'drop-staged').map(({ names: dropped }) => dropped),
    [
      ['staged-0', 'staged-1'],
      ['staged-2', 'staged-3'],
    ],
  );
});

test('each commit is made under the tag that the one before gave', () => {
  const { asked } = driveSessions(input, answers([slice(0, 10), slice(10, 20)]));
  const tags = of(asked, 'commit-slice').map(({ mark: { etag } }) => etag);
  assert.deepEqual(tags, [`${folder}-0`, `${database}-0`, `${recordings}-0`, 'etag-0', 'etag-1', 'etag-2']);
});

test('a slice that holds nothing is committed all the same', () => {
  const { asked } = driveSessions(
    input,
    answers([slice(0, 10)], { 'read-report': () => ({ ...done, sessions: 0, tooLarge: false, readAt: 1 }) }),
  );
  assert.equal(of(asked, 'write-report').length, 0);
  assert.equal(of(asked, 'drop-staged').length, 0);
  assert.deepEqual(commits(asked), [`${folder} 10`, `${database} 10`, `${recordings} 10`]);
});

test('a reading that fails stops every transfer there: nothing of it or after it is committed', () => {
  const { result, asked } = driveSessions(
    input,
    answers([slice(0, 10), slice(10, 20), slice(20, 30)], {
      'read-report': ({ selector: { by, from } }) =>
        by === 'start_time' && from === 10
          ? failed
          : { ...done, staged: `staged-${by}-${from}`, sessions: 1, tooLarge: false, readAt: 1 },
    }),
  );
  assert.deepEqual(commits(asked), [`${folder} 10`, `${database} 10`, `${recordings} 10`]);
  assert.deepEqual(result?.failures, { [folder]: broken, [database]: broken, [recordings]: broken });
  // What the other reading of that slice staged does not stay behind, and what is owed is still fetched.
  assert.deepEqual(of(asked, 'drop-staged').at(-1)?.names, ['staged-end_time-10']);
  assert.equal(of(asked, 'drain').length, 1);
});

test('a transfer that fails drops out by itself, and the others go on', () => {
  const { result, asked } = driveSessions(
    input,
    answers([slice(0, 10), slice(10, 20), slice(20, 30)], {
      'write-report': ({ transfer, part }) =>
        transfer === database && part.startsWith('ended-10-') ? failed : done,
    }),
  );
  assert.deepEqual(
    commits(asked).filter((line) => line.startsWith(database)),
    [`${database} 10`],
  );
  assert.deepEqual(
    commits(asked).filter((line) => line.startsWith(folder)),
    [`${folder} 10`, `${folder} 20`, `${folder} 30`],
  );
  assert.deepEqual(result, { failures: { [database]: broken }, cancelled: false });
  assert.ok(
    !of(asked, 'write-report').some(({ transfer, part }) => transfer === database && part.includes('20-30')),
  );
  assert.deepEqual(of(asked, 'plan-looks')[0].without, [database]);
});

test('a transfer that another run has moved on with stops here', () => {
  const { result, asked } = driveSessions(
    input,
    answers([slice(0, 10), slice(10, 20)], {
      'commit-slice': ({ transfer }) => (transfer === folder ? done : { ...done, etag: 'e' }),
    }),
  );
  assert.equal(result?.failures[folder]?.code, 'overtaken');
  assert.deepEqual(
    commits(asked).filter((line) => line.startsWith(folder)),
    [`${folder} 10`],
  );
  assert.equal(commits(asked).length, 5);
});

test('a slice that proves too large is read in halves, in order, down to what can be read', () => {
  const { result, asked } = driveSessions(
    input,
    answers([slice(0, 16), slice(16, 17)], {
      'read-report': ({ selector: { by, from, to } }) =>
        to - from > 4
          ? { ...done, sessions: 0, tooLarge: true, readAt: 1 }
          : { ...done, staged: `${by}-${from}`, sessions: 1, tooLarge: false, readAt: 1 },
    }),
  );
  assert.deepEqual(result?.failures, {});
  assert.deepEqual(
    commits(asked).filter((line) => line.startsWith(folder)),
    [4, 8, 12, 16, 17].map((to) => `${folder} ${to}`),
  );
});

test('when one of two readings is too large, what the other staged is dropped and nothing is written of it', () => {
  const { asked } = driveSessions(
    input,
    answers([slice(0, 2)], {
      'read-report': ({ selector: { by, from, to } }) =>
        by === 'end_time' && to - from > 1
          ? { ...done, sessions: 0, tooLarge: true, readAt: 1 }
          : { ...done, staged: `${by}-${from}-${to}`, sessions: 1, tooLarge: false, readAt: 1 },
    }),
  );
  assert.deepEqual(of(asked, 'drop-staged')[0].names, ['start_time-0-2']);
  assert.ok(!of(asked, 'write-report').some(({ part }) => part.endsWith('0-2')));
});

test('a half that fails keeps the later half from being committed', () => {
  const { asked } = driveSessions(
    input,
    answers([slice(0, 10)], {
      'read-report': ({ selector: { from, to } }) =>
        to - from > 5
          ? { ...done, sessions: 0, tooLarge: true, readAt: 1 }
          : from === 0
            ? failed
            : { ...done, staged: 's', sessions: 1, tooLarge: false, readAt: 1 },
    }),
  );
  assert.deepEqual(commits(asked), []);
});

test('many slices take several generations, each with a modest history, and the tags are carried on', () => {
  const slices = Array.from({ length: 20 }, (_, at) => slice(at * 10, at * 10 + 10));
  const { result, asked, generations, mostTasks } = driveSessions(input, answers(slices));
  assert.deepEqual(result, { failures: {}, cancelled: false });
  assert.ok(generations.length >= 4);
  assert.ok(mostTasks * 2 <= 200, `${mostTasks} tasks in one generation`);
  assert.equal(of(asked, 'lease-reader').length, 1);
  assert.equal(of(asked, 'plan-sessions').length, 1);
  assert.deepEqual(
    commits(asked).filter((line) => line.startsWith(folder)),
    slices.map(({ to }) => `${folder} ${to}`),
  );
  const tags = of(asked, 'commit-slice')
    .filter(({ transfer }) => transfer === folder)
    .map(({ mark: { etag } }) => etag);
  assert.deepEqual(tags, [`${folder}-0`, ...Array.from({ length: 19 }, (_, at) => `etag-${at * 3}`)]);
  assert.equal(of(asked, 'plan-looks').length, 1);
});

test('a transfer that failed in one generation stays out in the next', () => {
  const slices = Array.from({ length: 9 }, (_, at) => slice(at, at + 1));
  const { result, asked } = driveSessions(
    input,
    answers(slices, {
      'write-report': ({ transfer, part }) => (transfer === database && part === 'ended-2-3' ? failed : done),
    }),
  );
  assert.deepEqual(Object.keys(result?.failures ?? {}), [database]);
  assert.deepEqual(
    commits(asked).filter((line) => line.startsWith(database)),
    [`${database} 1`, `${database} 2`],
  );
});

test('a plan that has more to come is made again when its slices are done', () => {
  let plans = 0;
  const { asked } = driveSessions(
    input,
    answers([], {
      'plan-sessions': () => {
        plans++;
        const at = plans * 100;
        return { ...done, ...plan([slice(at, at + 10)], plans < 3) };
      },
    }),
  );
  assert.equal(plans, 3);
  assert.deepEqual(
    commits(asked).filter((line) => line.startsWith(folder)),
    [`${folder} 110`, `${folder} 210`, `${folder} 310`],
  );
});

test('when every transfer has failed, a plan with more to come is not made for ever', () => {
  const { result } = driveSessions(
    { ...input, streams: ['session-data'], transfers: [folder] },
    answers([], {
      'plan-sessions': ({ without }) => ({
        ...done,
        ...plan(without.length ? [] : [slice(0, 10, [folder])], !without.length),
      }),
      'read-report': () => failed,
    }),
  );
  assert.deepEqual(result?.failures, { [folder]: broken });
});

test('a run that is cancelled ends at the next step: no commit, no drain, and the lease is given back', () => {
  for (const step of ['plan-sessions', 'read-report', 'write-report', 'commit-slice'] as const) {
    const { result, asked } = driveSessions(
      input,
      answers([slice(0, 10), slice(10, 20)], { [step]: () => cancelled }),
    );
    assert.equal(result?.cancelled, true, step);
    const after = asked.slice(asked.findLastIndex(({ name }) => name === step) + 1).map(({ name }) => name);
    assert.ok(
      after.every((name) => ['drop-staged', 'end-reading'].includes(name)),
      `${step}: ${after}`,
    );
    assert.equal(of(asked, 'end-reading').length, 1);
    if (step !== 'commit-slice') assert.equal(of(asked, 'commit-slice').length, 0, step);
  }
});

test('a plan that fails leaves the watermarks and tells every transfer why', () => {
  const { result, asked } = driveSessions(input, answers([], { 'plan-sessions': () => failed }));
  assert.deepEqual(result?.failures, { [folder]: broken, [database]: broken, [recordings]: broken });
  assert.equal(of(asked, 'commit-slice').length, 0);
  assert.equal(of(asked, 'end-reading').length, 1);
});

test('while another run reads, this one waits, and reads beside it in the end', () => {
  let tries = 0;
  const waited = driveSessions(
    input,
    answers([slice(0, 10)], { 'lease-reader': () => ({ taken: ++tries > 3 }) }),
  );
  assert.equal(waited.slept, 6_000);
  const beside = driveSessions(input, answers([slice(0, 10)], { 'lease-reader': () => ({ taken: false }) }));
  assert.equal(beside.slept, 290_000);
  assert.equal(commits(beside.asked).length, 3);
  assert.ok(beside.mostTasks <= 200);
});

test('when one of the named sessions is unknown, halves are asked for, and it alone counts as missed', () => {
  const lsids = ['a', 'b', 'c', 'd'];
  const read = (staged?: string) => ({ ...done, sessions: 1, tooLarge: false, readAt: 1, staged });
  const refused = { status: 'failed', failure: { ...broken, kind: 'item', code: 'invalid-lsid' } };
  const { result, asked } = driveSessions(
    input,
    answers([], {
      'plan-looks': () => ({ ...done, batches: [{ lsids, transfers: [folder] }] }),
      'read-report': ({ selector }) =>
        !selector.lsids.includes('c') ? read('s') : selector.lsids.length > 1 ? refused : read(),
    }),
  );
  const written = of(asked, 'write-report').map(({ expected, staged }) => [expected.join(), staged]);
  assert.deepEqual(written, [
    ['a,b', 's'],
    ['c', undefined],
    ['d', 's'],
  ]);
  assert.deepEqual(result?.failures, {});
});

test('a refusal of a single session ends in a failure, not in asking for ever', () => {
  const refused = { status: 'failed', failure: { ...broken, kind: 'item', code: 'invalid-lsid' } };
  const { result, asked } = driveSessions(
    input,
    answers([], {
      'plan-looks': () => ({ ...done, batches: [{ lsids: ['a', 'b'], transfers: [folder] }] }),
      'read-report': () => refused,
    }),
  );
  assert.equal(result?.failures[folder]?.code, 'invalid-lsid');
  assert.ok(of(asked, 'read-report').length <= 3);
});

test('an activity that is ended from outside fails its group, not the run', () => {
  const { result } = driveSessions(
    input,
    answers([slice(0, 10)], {
      'write-report': () => {
        throw new Error('function timeout');
      },
    }),
  );
  assert.deepEqual(Object.keys(result?.failures ?? {}).toSorted(), [database, folder, recordings].toSorted());
  assert.equal(result?.failures[folder]?.kind, 'internal');
});

const snapshot: GroupInput = {
  runId: 'run',
  instanceId: 'run-g0',
  siteId: 'site',
  feed: 'snapshot',
  streams: ['backup'],
  transfers: ['site|backup|folder', 'site|backup|blobs'],
};

test('a drain goes on where it stopped, and leaves out what has failed', () => {
  let parts = 0;
  const { result, asked } = driveSnapshot(snapshot, {
    'owe-snapshot': () => done,
    drain: () => {
      parts++;
      if (parts === 1)
        return { ...done, failures: [{ destinationId: 'blobs', failure: broken }], more: true, next: 'k5' };
      return { ...drained, more: parts < 3, next: `k${parts}` };
    },
  });
  assert.deepEqual(
    of(asked, 'drain').map(({ part, from, without }) => [part, from, without]),
    [
      [0, undefined, []],
      [1, 'k5', ['blobs']],
      [2, 'k2', ['blobs']],
    ],
  );
  assert.deepEqual(result, { failures: { 'site|backup|blobs': broken }, cancelled: false });
});

test('a drain ends when every destination has failed', () => {
  const failures = ['folder', 'blobs'].map((destinationId) => ({ destinationId, failure: broken }));
  const { result, asked } = driveSnapshot(snapshot, {
    'owe-snapshot': () => done,
    drain: () => ({ ...done, failures, more: true, next: 'k' }),
  });
  assert.equal(of(asked, 'drain').length, 1);
  assert.equal(Object.keys(result.failures).length, 2);
});

test('a run starts its groups side by side under ids made from its own, and finishes with what they say', () => {
  const sessions = { ...input, runId: undefined, instanceId: undefined };
  const { asked } = drive(
    runOrchestration,
    { runId: 'run' },
    {
      'start-run': () => ({ groups: [sessions, { ...snapshot, runId: undefined, instanceId: undefined }] }),
      orchestrator: ({ feed }) => ({
        failures: feed === 'sessions' ? { [folder]: broken } : {},
        cancelled: feed === 'snapshot',
      }),
      'seal-run': ({ part }) => (part < 2 ? { done: [`d${part}`], more: true } : { done: [], more: false }),
      'finish-run': () => ({ status: 'partial' }),
    },
  );
  assert.deepEqual(
    asked.filter(({ id }) => id !== undefined).map(({ name, id }) => [name, id]),
    [
      ['site-sessions', 'run-g0'],
      ['site-snapshot', 'run-g1'],
    ],
  );
  assert.deepEqual(of(asked, 'finish-run'), [
    { runId: 'run', failures: { [folder]: broken }, cancelled: true },
  ]);
  // Manifests come after everything is stored and before the run ends, for a cancelled run too.
  assert.deepEqual(
    asked.slice(-4).map(({ name, input: given }) => [name, given.part, given.done]),
    [
      ['seal-run', 0, []],
      ['seal-run', 1, ['d0']],
      ['seal-run', 2, ['d1']],
      ['finish-run', undefined, undefined],
    ],
  );
});

test('a run with nothing to do, or that ended before, is finished at once', () => {
  const { asked } = drive(
    runOrchestration,
    { runId: 'run' },
    {
      'start-run': () => ({ groups: [] }),
      'finish-run': () => ({ status: 'succeeded' }),
    },
  );
  assert.deepEqual(
    asked.map(({ name }) => name),
    ['start-run', 'finish-run'],
  );
});

test('when a group is ended from outside the run still finishes, and says so', () => {
  const { asked } = drive(
    runOrchestration,
    { runId: 'run' },
    {
      'start-run': () => ({ groups: [{ ...snapshot, runId: undefined, instanceId: undefined }] }),
      orchestrator: () => {
        throw new Error('terminated');
      },
      'seal-run': () => {
        throw new Error('terminated too');
      },
      'finish-run': () => ({ status: 'failed' }),
    },
  );
  const [finish] = of(asked, 'finish-run');
  assert.deepEqual(Object.keys(finish.failures), snapshot.transfers);
});

test('a ledger that takes many pieces of work is walked in several generations', () => {
  let parts = 0;
  const { result, asked, generations, mostTasks } = drive(
    filesOrchestration,
    { ...snapshot, stream: 'backup' },
    {
      drain: () => {
        parts++;
        const failures = parts === 3 ? [{ destinationId: 'blobs', failure: broken }] : [];
        return { ...done, failures, more: parts < 50, next: `k${parts}` };
      },
    },
  );
  assert.equal(parts, 50);
  assert.ok(generations.length > 2 && mostTasks <= 100);
  assert.deepEqual(
    of(asked, 'drain').map(({ part, from }) => [part, from]),
    Array.from({ length: 50 }, (_, at) => [at, at === 0 ? undefined : `k${at}`]),
  );
  assert.deepEqual(of(asked, 'drain').at(-1)?.without, ['blobs']);
  assert.deepEqual(result, { failures: { 'site|backup|blobs': broken }, cancelled: false });
});
