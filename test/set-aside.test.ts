import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { Run } from '../shared/runs/run.ts';
import type { Services } from '../shared/services.ts';
import { apiHeaders, type Installation, resultOf, startInstallation } from './support/installation.ts';
import { filesIn } from './support/job.ts';
import { folderDifferences, none } from './support/stored.ts';

const HOUR = 3600;
const RECORDING = 'SupportSessionRecording';

let installation: Installation;
afterEach(() => installation?.close());

// biome-ignore lint/suspicious/noExplicitAny: bodies differ from route to route; tests look into them.
type Body = any;

async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Body }> {
  const answer = await fetch(`${installation.stack.host.url}/api${path}`, {
    method,
    headers: { ...apiHeaders, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.json() };
}

async function items(query = ''): Promise<Body[]> {
  const { status, body } = await call('GET', `/ledger?${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body.items;
}

async function retry(body: object): Promise<Body> {
  const answer = await call('POST', '/ledger/retry', body);
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
  await installation.stack.host.idle();
  return answer.body;
}

/** A session that has ended and has a recording. */
function someRecording(): string {
  for (const { session, state, hasRecording } of installation.appliance().truth.sessions())
    if (hasRecording && state === 'closed') return session.lsid;
  throw new Error('no recording');
}

const asked = (lsid: string) =>
  installation.sent().filter(({ request, parameters }) => request === RECORDING && parameters.lsid === lsid)
    .length;

test('a recording that is not ready is asked for with growing pauses, then set aside; a retry by hand brings it', async () => {
  installation = await startInstallation({
    hoursBack: 3,
    site: { recordingRetryHours: 1 },
    appliances: { retry: { attempts: 1 } },
  });
  const lsid = someRecording();
  const { faults } = installation.appliance();
  faults.add({ kind: 'recording-not-ready' }, { request: RECORDING, lsid, times: 1000 });
  const missing = `support.example.com-support-${lsid}.flv`;
  const first = await installation.run();
  assert.equal(resultOf(first, 'session-recording', 'folder').counts.postponed, 1);
  assert.deepEqual((await folderDifferences(installation)).missing, [missing], 'it holds back nothing else');
  const [pending, ...others] = await items();
  assert.deepEqual(others, []);
  const { owedSince, nextAttempt, refusedSince, lastFailure, ...rest } = pending;
  assert.deepEqual(rest, {
    site: 'support',
    siteName: 'Site support',
    stream: 'session-recording',
    title: 'Session Recordings',
    item: lsid,
    lsid,
    destination: 'folder',
    destinationName: 'Destination folder',
    state: 'pending',
    attempts: 1,
    handRetries: 0,
  });
  assert.match(lastFailure.message, /still being processed/);
  assert.ok(owedSince <= refusedSince && refusedSince < nextAttempt);
  const pauses: number[] = [];
  let last = Date.parse(refusedSince);
  for (let runs = 0; runs < 20; runs++) {
    const [row] = await items();
    if (row.state === 'set-aside') break;
    pauses.push(Math.round((Date.parse(row.nextAttempt) - last) / 1000));
    installation.passTime(
      Math.max(1, (Date.parse(row.nextAttempt) - installation.services.now()) / 1000 + 1),
    );
    last = installation.services.now();
    await installation.run();
  }
  for (const [at, pause] of pauses.slice(0, -1).entries())
    assert.ok(pause >= (pauses[at - 1] ?? 0), `${pauses}`);
  assert.ok(pauses.length >= 5 && asked(lsid) === pauses.length + 1, `${pauses}`);
  assert.ok(last / 1000 - Date.parse(refusedSince) / 1000 > 0.99 * HOUR, 'not given up before its time');
  const [gone] = await items('state=set-aside&site=support&stream=session-recording&destination=folder');
  assert.equal(gone.nextAttempt, undefined);
  assert.match(gone.lastFailure.message, /still being processed/);
  assert.deepEqual(await items('state=pending'), []);
  faults.clear();
  installation.passTime(HOUR);
  const later = await installation.run();
  assert.equal(resultOf(later, 'session-recording', 'folder').status, 'succeeded', 'it blocks nothing');
  assert.deepEqual((await folderDifferences(installation)).missing, [missing]);
  const answer = await retry({
    site: 'support',
    stream: 'session-recording',
    destination: 'folder',
    item: lsid,
  });
  assert.deepEqual(answer, {
    retried: 1,
    transfers: [
      {
        site: 'support',
        stream: 'session-recording',
        destination: 'folder',
        by: 'schedule',
        schedules: ['all'],
        items: 1,
      },
    ],
    refused: [],
  });
  const [again] = await items();
  assert.deepEqual([again.state, again.handRetries], ['pending', 1]);
  const count = asked(lsid);
  await installation.run();
  assert.equal(asked(lsid), count + 1);
  assert.deepEqual(await items(), []);
  assert.deepEqual(await folderDifferences(installation), none);
});

test('an expired recording is set aside at once; a retry that starts a run says so, and is counted', async () => {
  installation = await startInstallation({ hoursBack: 2, appliances: { retry: { attempts: 1 } } });
  const lsid = someRecording();
  const { faults } = installation.appliance();
  faults.add({ kind: 'recording-expired' }, { request: RECORDING, lsid, times: 2 });
  await installation.run();
  const [row] = await items('state=set-aside');
  assert.deepEqual([row.item, row.lastFailure.code, row.attempts], [lsid, 'recording-expired', 1]);
  assert.doesNotMatch(JSON.stringify(row), /https?:/);
  const one = await retry({ state: 'set-aside', start: true });
  assert.deepEqual([one.retried, one.transfers[0].by], [1, 'run']);
  const run = (await call('GET', `/runs/${one.transfers[0].run}`)).body as Run;
  assert.equal(run.kind, 'pull');
  assert.equal(run.status, 'partial');
  const [still] = await items();
  assert.deepEqual([still.state, still.handRetries, still.attempts], ['set-aside', 1, 2]);
  const two = await retry({ start: true });
  const second = (await call('GET', `/runs/${two.transfers[0].run}`)).body as Run;
  assert.equal(second.status, 'succeeded', JSON.stringify(second.results));
  assert.deepEqual(await items(), []);
  assert.deepEqual(await folderDifferences(installation), none);
  assert.equal((await retry({ start: true })).retried, 0, 'nothing is left, and no run is made');
});

test('a session that its destination would not take is read again by name, and leaves the ledger when stored', async () => {
  const refused = new Set<string>();
  const refusing = (services: Services): Services => ({
    ...services,
    async destination(setting) {
      const destination = await services.destination(setting);
      const { sessions } = destination;
      if (!sessions) return destination;
      return {
        ...destination,
        sessions: {
          async store(origin, all) {
            const taken = all.filter(({ session }) => !refused.has(session.lsid));
            const outcomes = [...(await sessions.store(origin, taken))];
            return all.map(({ session }) =>
              refused.has(session.lsid)
                ? { status: 'rejected' as const, reason: 'no room for it' }
                : (outcomes.shift() ?? assert.fail()),
            );
          },
        },
        check: () => destination.check(),
        close: () => destination.close(),
      };
    },
  });
  installation = await startInstallation({ hoursBack: 2, services: refusing });
  const closed = [...installation.appliance().truth.sessions()].filter(({ state }) => state === 'closed');
  const [a = '', b = ''] = closed.map(({ session }) => session.lsid);
  for (const lsid of [a, b]) refused.add(lsid);
  const { counts } = resultOf(await installation.run(), 'session-data', 'database');
  assert.ok(counts.setAside >= 2 && counts.stored > 0);
  const rows = await items('stream=session-data');
  assert.deepEqual(rows.map(({ item }) => item).toSorted(), [a, b].toSorted());
  assert.match(rows[0].lastFailure.message, /cannot be stored: no room for it/);
  // Refused again: it stays, with what is known of it.
  const again = await retry({ stream: 'session-data', item: a });
  assert.deepEqual([again.retried, again.transfers[0].by], [1, 'run']);
  const [kept] = (await items('stream=session-data')).filter(({ item }) => item === a);
  assert.deepEqual([kept.state, kept.handRetries], ['set-aside', 1]);
  assert.ok(kept.attempts >= 2);
  assert.equal(kept.owedSince, rows.find(({ item }) => item === a).owedSince);
  refused.clear();
  installation.passTime(2 * HOUR);
  await installation.run();
  assert.equal((await items('stream=session-data')).length, 2, 'no window reads them again');
  assert.equal((await retry({ stream: 'session-data', item: a })).retried, 1);
  assert.deepEqual(
    (await items()).map(({ item }) => item),
    [b],
  );
  // Any reading that is stored settles it, not only the one that was asked for here.
  const pulled = await call('POST', '/pulls', {
    sites: ['support'],
    destinations: ['database'],
    dataTypes: ['session-data'],
    sessions: [b],
  });
  assert.equal(pulled.status, 202);
  await installation.stack.host.idle();
  assert.deepEqual(await items(), []);
});

test('a retry of what was given up with its session reads the session, whatever the item was to be', async () => {
  installation = await startInstallation({
    hoursBack: 2,
    transfers: [
      { site: 'support', destination: 'folder', dataTypes: ['session-recording', 'command-shell-recording'] },
    ],
  });
  await installation.run();
  const lsid = someRecording();
  const { state } = installation.services;
  for (const stream of ['session-recording', 'command-shell-recording'])
    await state.put('ledger', `support|${stream}`, `${lsid}~folder`, {
      item: { key: lsid, lsid, values: { LSID: lsid }, extension: 'xml' },
      destinationId: 'folder',
      state: 'set-aside',
      attempts: 1,
      owedSince: 1,
      nextAttempt: 1,
      lastFailure: { kind: 'item', code: 'session-vanished', message: 'Gone.' },
    });
  const { retried, transfers } = await retry({});
  assert.deepEqual([retried, transfers.map(({ by }: Body) => by)], [2, ['run', 'run']]);
  assert.deepEqual(await items(), []);
  assert.equal(asked(lsid), 1, 'what is stored already is not fetched again');
});

test('a session that was given up and comes after all brings its recording', async () => {
  installation = await startInstallation({ hoursBack: 1 });
  const { clock, truth } = installation.appliance();
  const later = [...truth.sessions(clock.now() + 4 * HOUR)].find(
    ({ session, state, hasRecording }) =>
      state === 'closed' && hasRecording && (session.endTime ?? 0) > clock.now(),
  );
  const lsid = later?.session.lsid ?? assert.fail('no session ends later');
  await installation.services.state.put('ledger', 'support|session-recording', `${lsid}~folder`, {
    item: { key: lsid, lsid, values: { LSID: lsid }, extension: 'xml' },
    destinationId: 'folder',
    state: 'set-aside',
    attempts: 1,
    owedSince: 1,
    nextAttempt: 1,
    lastFailure: { kind: 'item', code: 'session-vanished', message: 'Gone.' },
  });
  installation.passTime(6 * HOUR);
  await installation.run();
  assert.deepEqual(await folderDifferences(installation), none);
  assert.ok(filesIn(installation.data.files).has(`support.example.com-support-${lsid}.flv`));
  assert.deepEqual(await items(), []);
});
