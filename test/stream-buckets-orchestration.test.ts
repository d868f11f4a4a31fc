import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FailureReport } from '../shared/errors.ts';
import { type BucketsInput, bucketsOrchestration } from '../shared/transfer/buckets-orchestration.ts';
import { filesOrchestration } from '../shared/transfer/files-orchestration.ts';
import { runOrchestration } from '../shared/transfer/run-orchestration.ts';
import { type SessionsInput, sessionsOrchestration } from '../shared/transfer/sessions-orchestration.ts';
import { type Answers, drive } from './support/hand-driven.ts';

const team = 'site|team-activity|folder';
const survey = 'site|exit-survey|folder';
const input: BucketsInput = {
  runId: 'run',
  instanceId: 'run-g0',
  siteId: 'site',
  feed: 'buckets',
  streams: ['team-activity', 'exit-survey'],
  transfers: [team, survey],
};
const done = { status: 'done' };
const drained = { ...done, failures: [], more: false };
const refusal: FailureReport = { kind: 'terminal', code: 'not-of-this-product', message: 'PRA has none.' };

const driveBuckets = (answers: Answers) =>
  drive(bucketsOrchestration, input, answers, { 'site-files': filesOrchestration });

test('buckets are planned in steps, in generations whose histories stay small, then fetched', () => {
  let plans = 0;
  const { result, asked, generations, mostTasks } = driveBuckets({
    'plan-buckets': () => ({ ...done, refused: {}, more: ++plans < 95, after: plans * 100 }),
    drain: () => drained,
  });
  assert.deepEqual(result, { failures: {}, cancelled: false });
  assert.equal(generations.length, 3);
  assert.ok(mostTasks <= 50, String(mostTasks));
  const planned = asked.filter(({ name }) => name === 'plan-buckets');
  assert.deepEqual(
    planned.map(({ input: given }) => given.after),
    [undefined, ...Array.from({ length: 94 }, (_, at) => (at + 1) * 100)],
  );
  const drains = asked.filter(({ name }) => name === 'drain').map(({ input: given }) => given.stream);
  assert.deepEqual(drains, ['team-activity', 'exit-survey']);
  assert.equal(asked.at(-1)?.name, 'drain', 'only when all is planned');
});

test('what the appliance does not have fails by itself, and is not planned or fetched again', () => {
  let plans = 0;
  const { result, asked } = driveBuckets({
    'plan-buckets': () => ({ ...done, refused: plans++ === 0 ? { [survey]: refusal } : {}, more: plans < 2 }),
    drain: () => drained,
  });
  assert.deepEqual(result, { failures: { [survey]: refusal }, cancelled: false });
  assert.deepEqual(
    asked.filter(({ name }) => name === 'plan-buckets').map(({ input: given }) => given.without),
    [[], [survey]],
  );
  assert.deepEqual(
    asked
      .filter(({ name }) => name === 'drain')
      .map(({ input: given }) => [given.stream, given.without])
      .sort(),
    [
      ['exit-survey', ['folder']],
      ['team-activity', []],
    ],
  );
});

test('a plan that fails fails its transfers, one that is cancelled ends the group', () => {
  const failure: FailureReport = { kind: 'transient', code: 'connection-lost', message: 'It broke.' };
  const failed = driveBuckets({ 'plan-buckets': () => ({ status: 'failed', failure }) });
  assert.deepEqual(failed.result, { failures: { [team]: failure, [survey]: failure }, cancelled: false });
  const cancelled = driveBuckets({ 'plan-buckets': () => ({ status: 'cancelled' }) });
  assert.deepEqual(cancelled.result, { failures: {}, cancelled: true });
  const ended = driveBuckets({
    'plan-buckets': () => {
      throw new Error('ended from outside');
    },
  });
  assert.equal(ended.result?.failures[team]?.code, 'internal');
});

test('a run starts each kind of group under its own orchestration', () => {
  const group = (feed: string) => ({ siteId: 'site', feed, streams: [], transfers: [] });
  const { asked } = drive(
    runOrchestration,
    { runId: 'run' },
    {
      'start-run': () => ({ groups: ['sessions', 'presentations', 'snapshot', 'buckets'].map(group) }),
      orchestrator: () => ({ failures: {}, cancelled: false }),
      'seal-run': () => ({}),
      'finish-run': () => ({ status: 'succeeded' }),
    },
  );
  assert.deepEqual(
    asked.filter(({ id }) => id !== undefined).map(({ name, id }) => [name, id]),
    [
      ['site-sessions', 'run-g0'],
      ['site-sessions', 'run-g1'],
      ['site-snapshot', 'run-g2'],
      ['site-buckets', 'run-g3'],
    ],
  );
});

test('presentations are asked for at every step by their own report, sessions as ever', () => {
  const transfers = ['site|presentation-data|folder'];
  for (const [feed, report] of [
    ['presentations', 'presentation'],
    ['sessions', undefined],
  ] as const) {
    const given: SessionsInput = { ...input, feed, streams: ['presentation-data'], transfers };
    const slices = [{ from: 1, to: 9, transfers }];
    const marks = { [transfers[0] ?? '']: { etag: 'e', floor: 0, begin: 0 } };
    const plan = { ...done, appliance: 9, ours: 9, pull: false, slices, more: false, marks, refused: {} };
    const { asked } = drive(sessionsOrchestration, given, {
      'lease-reader': () => ({ taken: true }),
      'plan-sessions': () => plan,
      'read-report': () => ({ ...done, sessions: 0, tooLarge: false, readAt: 1 }),
      'commit-slice': () => ({ ...done, etag: 'next' }),
      'plan-looks': () => ({ ...done, batches: [] }),
      'end-reading': () => ({}),
    });
    const steps = ['lease-reader', 'plan-sessions', 'read-report', 'plan-looks', 'end-reading'];
    for (const name of steps) {
      const inputs = asked.filter((one) => one.name === name).map((one) => one.input.report);
      assert.ok(inputs.length > 0 && inputs.every((said) => said === report), `${feed} ${name}`);
    }
  }
});
