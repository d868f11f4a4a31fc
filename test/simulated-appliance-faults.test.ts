import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { ask, askForToken, open, rawGet, report, takeToken } from './appliance/plain-client.ts';
import type { FaultKind, FaultMatch, SimulatedAppliance } from './appliance/simulated-appliance.ts';
import { startAppliance } from './appliance/start-appliance.ts';
import { readTree } from './appliance/xml-tree.ts';

const from = 1_760_000_000;
const recordingSize = 200_000;
const sessions = `SupportSession&start_time=${from}&duration=0`;

let appliance: SimulatedAppliance;
let token: string;
let lsid: string;
let other: string;

before(async () => {
  appliance = await startAppliance({
    product: 'RS',
    seed: 4,
    sessions: 40,
    from,
    to: from + 86_400,
    recordingBytes: [recordingSize, recordingSize],
  });
  appliance.clock.set(from + 5 * 86_400);
  const recorded = [...appliance.truth.sessions()].filter(({ hasRecording }) => hasRecording);
  lsid = recorded[0]?.session.lsid ?? '';
  other = recorded[1]?.session.lsid ?? '';
});

beforeEach(async () => {
  appliance.faults.clear();
  token = await takeToken(appliance);
});

after(() => appliance.close());

const recordingPath = () => `/api/reporting?generate_report=SupportSessionRecording&lsid=${lsid}`;

/** The body of the raw reply, and how the connection ended. */
async function wire(fault: FaultKind, path: string, match: FaultMatch = {}) {
  appliance.faults.add(fault, match);
  const { text, error } = await rawGet(appliance, path, token);
  const [head = '', ...body] = text.split('\r\n\r\n');
  assert.equal(appliance.log.at(-1)?.fault, fault.kind);
  return { head: head.toLowerCase(), body: body.join('\r\n\r\n'), error, text };
}

test('refuse ends the connection before the handshake, or before any reply where a request is named', async () => {
  appliance.faults.add({ kind: 'refuse' });
  await assert.rejects(report(appliance, token, sessions), { code: 'ECONNRESET' });
  assert.deepEqual(appliance.log.at(-1), {
    request: 'connection',
    parameters: {},
    status: 0,
    bytes: 0,
    fault: 'refuse',
  });
  const named = await wire({ kind: 'refuse' }, recordingPath(), { request: 'SupportSessionRecording' });
  assert.equal(named.text, '');
  assert.equal(named.error, 'ECONNRESET');
  assert.equal((await report(appliance, token, sessions)).status, 200);
});

test('reset breaks the connection hard after the bytes that were ordered', async () => {
  const cut = await wire({ kind: 'reset', afterBytes: 50_000 }, recordingPath());
  assert.equal(cut.body.length, 50_000);
  assert.equal(cut.error, 'ECONNRESET');
  const early = await wire({ kind: 'reset', afterBytes: 0 }, recordingPath());
  assert.match(early.head, /^http\/1\.1 200/);
  assert.equal(early.body, '');
  assert.equal(early.error, 'ECONNRESET');
});

test('stall sends what was ordered and then nothing, with the connection open', async () => {
  appliance.faults.add({ kind: 'stall', afterBytes: 10_000 }, { request: 'SupportSessionRecording' });
  const message = await open(appliance, recordingPath(), { token });
  let read = 0;
  message.on('data', (piece: Buffer) => {
    read += piece.length;
  });
  let ended = false;
  message.on('close', () => {
    ended = true;
  });
  await pause(200);
  assert.equal(read, 10_000);
  assert.equal(ended, false);
  message.on('error', () => {});
  message.destroy();
  appliance.faults.add({ kind: 'stall' });
  const silent = open(appliance, recordingPath(), { token }).then(() => 'answered');
  assert.equal(await Promise.race([silent, pause(200).then(() => 'silent')]), 'silent');
  silent.catch(() => {});
});

test('a cut with a length announces all, sends less and ends in order', async () => {
  const cut = await wire({ kind: 'cut', afterBytes: 1234, framing: 'length' }, recordingPath());
  assert.match(cut.head, /content-length: 200000/);
  assert.equal(cut.body.length, 1234);
  assert.equal(cut.error, undefined);
  const whole = await report(appliance, token, sessions);
  const xml = await wire(
    { kind: 'cut', afterBytes: 5000, framing: 'length' },
    `/api/reporting?generate_report=${sessions}`,
  );
  assert.match(xml.head, new RegExp(`content-length: ${whole.body.length}`));
  assert.equal(xml.body.length, 5000);
});

test('a chunked cut has no last chunk, a cut without framing looks whole', async () => {
  const chunked = await wire({ kind: 'cut', afterBytes: 1234, framing: 'chunked' }, recordingPath());
  assert.match(chunked.head, /transfer-encoding: chunked/);
  assert.equal(chunked.body.endsWith('0\r\n\r\n'), false);
  assert.equal(chunked.error, undefined);
  const path = `/api/reporting?generate_report=${sessions}`;
  const bare = await wire({ kind: 'cut', afterBytes: 30_000, framing: 'none' }, path);
  assert.doesNotMatch(bare.head, /content-length|transfer-encoding/);
  assert.equal(bare.body.length, 30_000);
  assert.equal(bare.error, undefined);
  assert.throws(() => readTree(bare.body));
  appliance.faults.add({ kind: 'cut', afterBytes: 30_000, framing: 'none' });
  const answer = await report(appliance, token, sessions);
  assert.equal(answer.body.length, 30_000, 'to an HTTP client it is a good reply');
  const sent = appliance.log.at(-1)?.sessions;
  assert(sent && sent.size > 0 && sent.size < 40);
  assert.equal(
    [...answer.text.matchAll(/^<\/session>$/gm)].length,
    sent.size,
    'the log has the whole ones only',
  );
});

test('a cut beyond the end still takes the last byte', async () => {
  for (const framing of ['length', 'none'] as const) {
    const cut = await wire({ kind: 'cut', afterBytes: 10_000_000, framing }, recordingPath());
    assert.equal(cut.body.length, recordingSize - 1);
  }
});

test('unauthorized denies one request, evict-token ends the tokens of the account', async () => {
  const second = await takeToken(appliance);
  appliance.faults.add({ kind: 'unauthorized' });
  const denied = await report(appliance, token, sessions);
  assert.equal(denied.status, 401);
  assert.equal((JSON.parse(denied.text) as { error: string }).error, 'access_denied');
  assert.equal((await report(appliance, token, sessions)).status, 200);
  appliance.faults.add({ kind: 'evict-token' });
  assert.equal((await report(appliance, token, sessions)).status, 401);
  assert.equal((await report(appliance, token, sessions)).status, 401);
  assert.equal((await report(appliance, second, sessions)).status, 401);
  assert.equal((await report(appliance, await takeToken(appliance), sessions)).status, 200);
});

test('errors of the server: too many requests, server error, an HTML page', async () => {
  appliance.faults.add({ kind: 'too-many-requests', retryAfterSeconds: 7 });
  appliance.faults.add({ kind: 'too-many-requests' });
  const busy = await report(appliance, token, sessions);
  assert.deepEqual([busy.status, busy.headers['retry-after']], [429, '7']);
  assert.equal((await report(appliance, token, sessions)).headers['retry-after'], undefined);
  appliance.faults.add({ kind: 'server-error' });
  appliance.faults.add({ kind: 'server-error', status: 503 });
  assert.equal((await report(appliance, token, sessions)).status, 500);
  assert.equal((await report(appliance, token, sessions)).status, 503);
  appliance.faults.add({ kind: 'html' });
  const page = await report(appliance, token, sessions);
  assert.equal(page.status, 200);
  assert.match(String(page.headers['content-type']), /^text\/html/);
  assert.match(page.text, /^<!DOCTYPE html>/);
});

test('error documents come as root or child, with and without attributes', async () => {
  const read = async (fault: FaultKind) => {
    appliance.faults.add(fault);
    const { status, text } = await ask(appliance, recordingPath(), { token });
    assert.equal(status, 200);
    return readTree(text);
  };
  assert.equal((await read({ kind: 'error-document' })).name, 'error');
  assert.equal((await read({ kind: 'error-document', message: 'a < b & c' })).text, 'a < b & c');
  assert.equal((await read({ kind: 'error-document', attributes: true })).attributes.code, '42');
  const nested = await read({ kind: 'error-document', nested: true, attributes: true });
  assert.deepEqual([nested.name, nested.children[0]?.name], ['session_list', 'error']);
  assert.match(
    (await read({ kind: 'recording-expired' })).text,
    /^This recording has expired and can no longer be/,
  );
  assert.match((await read({ kind: 'recording-not-ready' })).text, /still being processed/);
});

test('a slow line gives the bytes per second that were ordered, and in the end all of them', async () => {
  appliance.faults.add({ kind: 'slow-drip', bytesPerSecond: 500_000 });
  const started = performance.now();
  const { body } = await ask(appliance, recordingPath(), { token });
  const seconds = (performance.now() - started) / 1000;
  assert.equal(body.length, recordingSize);
  assert(seconds > 0.3 && seconds < 2, `${seconds} s for 0.4 s`);
});

test('faults meet the requests they name, as often as ordered, after those that are to pass', async () => {
  const statuses = async (...lsids: string[]) => {
    const seen: number[] = [];
    for (const id of lsids)
      seen.push((await report(appliance, token, `SupportSessionRecording&lsid=${id}`)).status);
    return seen;
  };
  appliance.faults.add({ kind: 'server-error' }, { lsid: other, times: 2, after: 1 });
  assert.deepEqual(await statuses(lsid, other, lsid, other, other, other), [200, 200, 200, 500, 500, 200]);
  appliance.faults.add({ kind: 'server-error' }, { request: 'SupportSession' });
  appliance.faults.add({ kind: 'server-error', status: 502 }, { request: 'reporting' });
  assert.deepEqual(await statuses(lsid, lsid), [502, 200]);
  assert.equal((await report(appliance, token, sessions)).status, 500);
  appliance.faults.add({ kind: 'server-error' }, { request: 'command:get_api_info' });
  appliance.faults.add({ kind: 'server-error', status: 501 }, { request: 'command' });
  assert.equal((await ask(appliance, '/api/command?action=check_health', { token })).status, 501);
  assert.equal((await ask(appliance, '/api/command?action=get_api_info', { token })).status, 500);
  const [account] = appliance.accounts;
  assert(account);
  for (const [request, path] of [
    ['backup', '/api/backup'],
    ['health', '/check_health'],
  ] as const) {
    appliance.faults.add({ kind: 'server-error', status: 507 }, { request });
    assert.equal((await ask(appliance, path, { token })).status, 507);
  }
  appliance.faults.add({ kind: 'server-error', status: 507 }, { request: 'token' });
  assert.equal((await askForToken(appliance, account)).status, 507);
  appliance.faults.add({ kind: 'html' }, { times: 5 });
  appliance.faults.clear();
  assert.deepEqual(await statuses(lsid), [200]);
  assert.equal(appliance.log.at(-1)?.fault, undefined);
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
