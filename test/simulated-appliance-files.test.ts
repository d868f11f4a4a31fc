import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ask, formType, open, rawGet, report, sha256, takeToken } from './appliance/plain-client.ts';
import type { ApplianceOptions, SimulatedAppliance } from './appliance/simulated-appliance.ts';
import { startAppliance } from './appliance/start-appliance.ts';

const from = 1_760_000_000;
const day = 86_400;
const base: ApplianceOptions = { product: 'RS', seed: 2, sessions: 60, from, to: from + day, events: 4 };

test('a recording has the bytes and the size that the truth says, each its own', async () => {
  await using appliance = await startAppliance({ ...base, recordingBytes: [1000, 300_000] });
  appliance.clock.set(from + 5 * day);
  const token = await takeToken(appliance);
  const sizes = new Set<number>();
  const hashes = new Set<string>();
  for (const { session } of recorded(appliance).slice(0, 12)) {
    const { headers, body } = await recording(appliance, token, session.lsid);
    assert.deepEqual({ size: body.length, sha256: sha256(body) }, appliance.truth.recording(session.lsid));
    assert.equal(headers['content-type'], 'video/x-flv');
    assert.equal(headers['content-length'], String(body.length));
    assert.match(String(headers['content-disposition']), new RegExp(`filename="${session.lsid}\\.flv"`));
    assert.equal(body.subarray(0, 4).toString('latin1'), 'FLV\x01');
    assert(body.length >= 1000 && body.length <= 300_000);
    sizes.add(body.length);
    hashes.add(sha256(body));
  }
  assert(sizes.size > 8);
  assert.equal(hashes.size, 12);
});

test('there is no recording of a running session, of one without, or of a foreign one', async () => {
  await using appliance = await startAppliance(base);
  appliance.clock.rate(0);
  appliance.clock.set(from + 5 * day);
  const long = recorded(appliance).findLast(
    ({ session }) => (session.endTime ?? 0) > (session.startTime ?? 0) + 60,
  );
  const { lsid: longLsid = '', startTime } = long?.session ?? {};
  appliance.clock.set((startTime ?? 0) + 30);
  const token = await takeToken(appliance);
  const running = appliance.truth.session(longLsid);
  const without = [...appliance.truth.sessions()].find(
    ({ state, hasRecording }) => state === 'closed' && !hasRecording,
  );
  assert(running?.state === 'running' && without);
  assert.equal(running.hasRecording, false);
  assert.equal(appliance.truth.recording(without.session.lsid), undefined);
  for (const lsid of [running.session.lsid, without.session.lsid, 'c69a8e10bea9428f816cfababe9815fe']) {
    const { status, text } = await recording(appliance, token, lsid);
    assert.equal(status, 200);
    assert.match(text, /^<\?xml[\s\S]*<error /);
  }
  appliance.clock.set(running.closesAt ?? 0);
  const later = await recording(appliance, await takeToken(appliance), running.session.lsid);
  assert.equal(sha256(later.body), appliance.truth.recording(running.session.lsid)?.sha256);
});

for (const bodyFraming of ['length', 'chunked', 'none'] as const) {
  test(`files framed with ${bodyFraming} have that framing on the wire and nothing else`, async () => {
    await using appliance = await startAppliance({
      ...base,
      bodyFraming,
      recordingBytes: [150_000, 150_000],
    });
    appliance.clock.set(from + 5 * day);
    const token = await takeToken(appliance);
    const lsid = recorded(appliance)[0]?.session.lsid ?? '';
    for (const path of [
      `/api/reporting?generate_report=SupportSessionRecording&lsid=${lsid}`,
      '/api/backup',
    ]) {
      const { text, bytes, error } = await rawGet(appliance, path, token);
      assert.equal(error, undefined);
      const end = text.indexOf('\r\n\r\n');
      const head = text.slice(0, end).toLowerCase();
      assert.match(head, /^http\/1\.1 200 ok\r\n/);
      assert.match(head, /\r\nconnection: close(\r\n|$)/);
      assert.equal(/\r\ncontent-length: /.test(head), bodyFraming === 'length');
      assert.equal(/\r\ntransfer-encoding: chunked/.test(head), bodyFraming === 'chunked');
      const truth = path === '/api/backup' ? appliance.truth.lastBackup : appliance.truth.recording(lsid);
      if (bodyFraming === 'chunked') assert(text.endsWith('\r\n0\r\n\r\n'));
      else assert.equal(sha256(bytes.subarray(end + 4)), truth?.sha256);
    }
  });
}

test('no two backups are the same, the truth has the last one, and a password may come as JSON', async () => {
  await using appliance = await startAppliance({ ...base, backupBytes: 123_456 });
  const token = await takeToken(appliance);
  assert.equal(appliance.truth.lastBackup, undefined);
  const seen = new Set<string>();
  const ways = [
    {},
    {},
    { method: 'POST', headers: formType, body: 'x=y' },
    { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"password":"p"}' },
  ];
  for (const way of ways) {
    const { status, headers, body } = await ask(appliance, '/api/backup', { token, ...way });
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/octet-stream');
    assert.deepEqual({ size: body.length, sha256: sha256(body) }, appliance.truth.lastBackup);
    assert.equal(body.length, 123_456);
    seen.add(sha256(body));
  }
  assert.equal(seen.size, ways.length);
  const bad = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"pass":1}' };
  assert.equal((await ask(appliance, '/api/backup', { token, ...bad })).status, 400);
  await using again = await startAppliance({ ...base, backupBytes: 123_456 });
  const first = await ask(again, '/api/backup', { token: await takeToken(again) });
  assert(seen.has(sha256(first.body)), 'the first backup follows from the seed');
});

test('a client that stops reading stops a large recording, and closing ends it at once', async () => {
  const size = 3_000_000_000;
  await using appliance = await startAppliance({ ...base, recordingBytes: [size, size] });
  appliance.clock.set(from + 5 * day);
  const token = await takeToken(appliance);
  const lsid = recorded(appliance)[0]?.session.lsid ?? '';
  const before = process.memoryUsage().rss;
  const path = `/api/reporting?generate_report=SupportSessionRecording&lsid=${lsid}`;
  const message = await open(appliance, path, { token });
  assert.equal(message.headers['content-length'], String(size));
  const digest = createHash('sha256');
  let read = 0;
  for await (const piece of message.iterator({ destroyOnReturn: false })) {
    digest.update(piece as Buffer);
    read += (piece as Buffer).length;
    if (read > 30_000_000) break;
  }
  message.pause();
  // What fits between the two goes out first: buffers of sockets grow to some 40 MB; a loaded machine takes its time.
  let sent = -1;
  for (let quiet = 0; quiet < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = appliance.log.at(-1)?.bytes ?? 0;
    assert(
      now < read + 100_000_000,
      `${now} bytes sent, ${read} read: nothing more goes out while nobody reads`,
    );
    quiet = now === sent ? quiet + 1 : 0;
    sent = now;
  }
  assert(process.memoryUsage().rss - before < 150_000_000, 'nothing piles up');
  const lost = new Promise((resolve) => message.once('error', resolve));
  const started = performance.now();
  await appliance.close();
  await appliance.close();
  assert(performance.now() - started < 1000);
  message.resume();
  assert.match(String(await lost), /aborted|ECONNRESET/);
});

function recorded(appliance: SimulatedAppliance) {
  return [...appliance.truth.sessions()].filter(({ hasRecording }) => hasRecording);
}

function recording(appliance: SimulatedAppliance, token: string, lsid: string) {
  return report(appliance, token, `SupportSessionRecording&lsid=${lsid}`);
}
