import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskCapabilities } from './appliance/capabilities.ts';
import { report, sha256, takeToken } from './appliance/plain-client.ts';
import type { ApplianceOptions, SimulatedAppliance } from './appliance/simulated-appliance.ts';
import { startAppliance } from './appliance/start-appliance.ts';
import { readTree, type Tree } from './appliance/xml-tree.ts';

const from = 1_760_000_000;
const day = 86_400;
const base: ApplianceOptions = {
  product: 'RS',
  seed: 11,
  sessions: 400,
  from,
  to: from + 2 * day,
  events: 8,
};

const lsidsOf = (text: string) => readTree(text).children.map(({ attributes }) => attributes.lsid ?? '');

/** A report's lsids; none where the appliance says that nothing was found. */
async function lsidsIn(appliance: SimulatedAppliance, token: string, query: string): Promise<string[]> {
  const { status, text } = await report(appliance, token, query);
  assert.equal(status, 200);
  return readTree(text).name === 'error' ? [] : lsidsOf(text);
}

test('windows by end_time have exactly the closed sessions that ended in [from, to)', async () => {
  await using appliance = await startAppliance(base);
  const token = await takeToken(appliance);
  appliance.clock.rate(0);
  appliance.clock.set(from + 1.5 * day);
  const truth = [...appliance.truth.sessions()];
  const ends = truth.flatMap(({ session }) => session.endTime ?? []);
  const shared = ends.find((end, at) => ends.indexOf(end) !== at);
  assert(shared !== undefined, 'several sessions end in the same second');
  assert(
    ends.some((end) => end % 3600 === 0) && ends.some((end) => end % 300 === 0),
    'ends on round boundaries',
  );
  const windows = [
    [shared, 1],
    [shared - 1, 1],
    [shared - 1, 2],
    [shared + 1, 600],
    [from + day, 3600],
    [from, 0],
    [from + 1.5 * day - 600, 0],
  ] as const;
  for (const [start, duration] of windows) {
    const inWindow = truth.filter(
      ({ session: { endTime } }) =>
        endTime !== null && endTime >= start && (duration === 0 || endTime < start + duration),
    );
    const expected = inWindow.map(({ session }) => session.lsid);
    const query = `end_time=${start}&duration=${duration}`;
    assert.deepEqual(await lsidsIn(appliance, token, `SupportSession&${query}`), expected, query);
    assert.deepEqual(await lsidsIn(appliance, token, `SupportSessionListing&${query}`), expected, query);
  }
});

test('windows by start_time have running sessions too, and none that begin later than now', async () => {
  await using appliance = await startAppliance(base);
  const token = await takeToken(appliance);
  appliance.clock.rate(0);
  appliance.clock.set(from + day);
  const truth = [...appliance.truth.sessions()];
  assert(truth.length > 150 && truth.length < 250, 'half of them have begun');
  assert(truth.every(({ session }) => (session.startTime ?? 0) <= from + day));
  assert.equal(
    truth.some(({ state }) => state === 'running'),
    true,
  );
  const all = await lsidsIn(appliance, token, `SupportSession&start_time=${from}&duration=0`);
  assert.deepEqual(
    all,
    truth.map(({ session }) => session.lsid),
  );
  const start = truth[100]?.session.startTime ?? 0;
  const at = async (time: number, duration: number) =>
    (await lsidsIn(appliance, token, `SupportSession&start_time=${time}&duration=${duration}`)).length;
  const same = truth.filter(({ session }) => session.startTime === start).length;
  assert.equal(await at(start, 1), same);
  assert.equal((await at(start - 50, 50)) + same, await at(start - 50, 51));
});

test('dates are days, with durations in days', async () => {
  const midnight = Date.UTC(2025, 9, 9) / 1000;
  await using appliance = await startAppliance({ ...base, from: midnight, to: midnight + 3 * day });
  const token = await takeToken(appliance);
  appliance.clock.set(midnight + 4 * day);
  const byDate = await lsidsIn(appliance, token, 'SupportSession&start_date=2025-10-10&duration=1');
  const byTime = await lsidsIn(
    appliance,
    token,
    `SupportSession&start_time=${midnight + day}&duration=${day}`,
  );
  assert(byDate.length > 100);
  assert.deepEqual(byDate, byTime);
  const ended = await lsidsIn(appliance, token, 'SupportSession&end_date=2025-10-11&duration=0');
  const endedByTime = await lsidsIn(
    appliance,
    token,
    `SupportSession&end_time=${midnight + 2 * day}&duration=0`,
  );
  assert.deepEqual(ended, endedByTime);
  for (const wrong of ['start_date=2025-02-31', 'start_date=yesterday', 'start_time=1e3', 'end_time=-5']) {
    assert.match(
      (await report(appliance, token, `SupportSession&${wrong}&duration=1`)).text,
      /<error /,
      wrong,
    );
  }
});

test('sessions are found by lsid; foreign ones, bad parameters and the other product’s reports are refused', async () => {
  await using appliance = await startAppliance(base);
  const token = await takeToken(appliance);
  appliance.clock.set(from + 3 * day);
  const [one, two] = [...appliance.truth.sessions()].map(({ session }) => session.lsid);
  const foreign = 'c69a8e10bea9428f816cfababe9815fe';
  assert.deepEqual(await lsidsIn(appliance, token, `SupportSession&lsid=${one}`), [one]);
  assert.deepEqual(await lsidsIn(appliance, token, `SupportSession&lsids=${two},${foreign},${one},${two}`), [
    two,
    one,
  ]);
  const refused = [
    `SupportSession&lsid=${foreign}`,
    'SupportSession&lsid=nonsense',
    'SupportSession',
    `SupportSession&start_time=${from}`,
    `SupportSession&start_time=${from}&duration=-1`,
    `SupportSession&start_time=${from}&end_time=${from}&duration=1`,
    `SupportSessionListing&lsid=${one}`,
    `AccessSession&start_time=${from}&duration=0`,
    'Nonsense',
  ];
  for (const query of refused) {
    const { status, text } = await report(appliance, token, query);
    assert.equal(status, 200);
    assert.equal(readTree(text).name, 'error', query);
  }
  assert.match((await report(appliance, token, `SupportSession&lsid=${foreign}`)).text, />Invalid lsid\.</);
});

test('nothing found looks as ordered', async () => {
  const seen = async (emptyReport: 'error' | 'error-fr' | 'empty-list') => {
    await using appliance = await startAppliance({ ...base, sessions: 0, emptyReport });
    const token = await takeToken(appliance);
    const texts = await Promise.all(
      ['SupportSession', 'SupportSessionListing'].map((name) =>
        report(appliance, token, `${name}&end_time=${from}&duration=0`),
      ),
    );
    return texts.map(({ text }) => readTree(text));
  };
  const [error] = await seen('error');
  assert.equal(error?.name, 'error');
  assert.match(error?.text ?? '', /^No Support report information/);
  assert.match((await seen('error-fr'))[0]?.text ?? '', /critères n’est disponible\.$/);
  const lists = await seen('empty-list');
  assert.deepEqual(
    lists.map(({ name, children }) => [name, children.length]),
    [
      ['session_list', 0],
      ['session_summary_list', 0],
    ],
  );
});

test('a running session is shown as running and is closed at its time, an abnormal one never', async () => {
  await using appliance = await startAppliance(base);
  const token = await takeToken(appliance);
  appliance.clock.rate(0);
  appliance.clock.set(from + day);
  const running = [...appliance.truth.sessions()].find(({ closesAt }) => closesAt !== undefined);
  assert(running?.closesAt);
  const { lsid } = running.session;
  const read = async () =>
    readTree((await report(appliance, token, `SupportSession&lsid=${lsid}`)).text).children[0];
  const open = await read();
  assert.equal(child(open, 'end_time')?.text, '');
  assert(!child(open, 'end_time')?.attributes.timestamp);
  for (const name of [
    'session_recording_download_url',
    'session_chat_view_url',
    'command_shell_recordings',
  ]) {
    assert.equal(child(open, name), undefined, name);
  }
  appliance.clock.set(running.closesAt - 1);
  assert.equal(child(await read(), 'end_time')?.text, '');
  appliance.clock.set(running.closesAt);
  assert.equal(child(await read(), 'end_time')?.attributes.timestamp, String(running.closesAt));
  assert.equal(appliance.truth.session(lsid)?.state, 'closed');
  appliance.clock.set(from + 100 * day);
  const abnormal = [...appliance.truth.sessions()].filter(({ state }) => state === 'abnormal');
  assert(abnormal.length > 5);
  assert(abnormal.every(({ session }) => session.endTime === null));
});

test('two readings differ in the access hashes and nowhere else', async () => {
  for (const eventUrls of ['stable', 'per-reading'] as const) {
    await using appliance = await startAppliance({ ...base, eventUrls });
    const token = await takeToken(appliance);
    appliance.clock.rate(0);
    appliance.clock.set(from + 3 * day);
    const query = `SupportSession&start_time=${from}&duration=0`;
    const first = await report(appliance, token, query);
    const second = await report(appliance, token, query);
    assert.notEqual(first.text, second.text);
    assert.equal(maskCapabilities(first.text), maskCapabilities(second.text));
    const shell = /value name="download_url" value="([^"]*)"/.exec(first.text)?.[1];
    assert(shell);
    assert.equal(second.text.includes(shell), eventUrls === 'stable');
  }
});

test('the same options make the same appliance, another seed another one', async () => {
  const content = async (seed: number) => {
    await using appliance = await startAppliance({ ...base, seed });
    return JSON.stringify([...appliance.truth.sessions(from + 3 * day)]);
  };
  const first = await content(1);
  assert.equal(await content(1), first);
  assert.notEqual(await content(2), first);
});

test('the log has the hash of each session as sent', async () => {
  await using appliance = await startAppliance(base);
  const token = await takeToken(appliance);
  appliance.clock.set(from + 3 * day);
  const { text, body } = await report(appliance, token, `SupportSession&start_time=${from}&duration=0`);
  const entry = appliance.log.at(-1);
  assert.equal(entry?.request, 'SupportSession');
  assert.equal(entry?.bytes, body.length);
  const elements = text.split(/(?<=<\/session>)\n(?=<session lsid|<\/session_list>)/).slice(0, -1);
  elements[0] = elements[0]?.slice(elements[0].indexOf('<session lsid')) ?? '';
  assert.equal(elements.length, 400);
  for (const xml of elements) {
    const lsid = /^<session lsid="(\w+)"/.exec(xml)?.[1] ?? '';
    assert.equal(entry?.sessions?.get(lsid), sha256(xml));
  }
  assert.deepEqual([...(entry?.sessions?.keys() ?? [])], lsidsOf(text));
  assert.equal(entry?.sessions?.get('c69a8e10bea9428f816cfababe9815fe'), undefined);
});

test('the namespace is as ordered, or none', async () => {
  const roots = async (namespace: string) => {
    await using appliance = await startAppliance({ ...base, namespace });
    const token = await takeToken(appliance);
    appliance.clock.set(from + 3 * day);
    return readTree((await report(appliance, token, `SupportSession&start_time=${from}&duration=0`)).text)
      .attributes;
  };
  assert.equal(
    (await roots('http://www.bomgar.com/namespaces/API/reporting')).xmlns,
    'http://www.bomgar.com/namespaces/API/reporting',
  );
  assert.equal((await roots('')).xmlns, undefined);
});

test('the listing tells recordings and external keys', async () => {
  await using appliance = await startAppliance(base);
  const token = await takeToken(appliance);
  appliance.clock.rate(0);
  appliance.clock.set(from + 3 * day);
  const { text } = await report(appliance, token, `SupportSessionListing&start_time=${from}&duration=0`);
  const truth = [...appliance.truth.sessions()];
  assert.deepEqual(
    readTree(text).children.map(({ attributes }) => [
      attributes.lsid,
      attributes.has_recording,
      attributes.external_key ?? '',
    ]),
    truth.map(({ session, hasRecording }) => [
      session.lsid,
      hasRecording ? '1' : '0',
      session.externalKey ?? '',
    ]),
  );
  const closed = truth.filter(({ state }) => state === 'closed');
  const share = closed.filter(({ hasRecording }) => hasRecording).length / closed.length;
  assert(share > 0.58 && share < 0.75, `about two thirds are recorded, not ${share}`);
});

function child(tree: Tree | undefined, name: string): Tree | undefined {
  return tree?.children.find((element) => element.name === name);
}
