import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { readSessionReport } from '../shared/appliance/session-report.ts';
import { holdSlot } from '../shared/transfer/slots.ts';
import type { ApplianceOptions } from './appliance/simulated-appliance.ts';
import { appliance, collect, FROM, TO } from './appliance-client-support.ts';
import { openDesk } from './support/desk.ts';

const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
const day = { from: FROM, to: TO };
const window = `from=${iso(FROM)}&to=${iso(TO)}`;
const json = (value: unknown) => JSON.parse(JSON.stringify(value));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function office(t: TestContext, options: Partial<ApplianceOptions>, site: object = {}) {
  const main = await appliance(t, { sessions: 60, ...options });
  main.clock.rate(0);
  const desk = await openDesk(t, main, { site });
  desk.clock.now = (TO + 3600) * 1000;
  const get = (path: string, role: Parameters<typeof desk.call>[3] = 'EvidenceViewer') =>
    desk.call('GET', `/sites/main/reports/${path}`, undefined, role);
  return { main, desk, get };
}

for (const product of ['RS', 'PRA'] as const)
  test(`sessions of ${product} come as rows without what opens a recording, and as they were sent`, async (t) => {
    const { main, get } = await office(t, { product });
    const { status, body } = await get(`sessions?${window}`);
    assert.equal(status, 200, JSON.stringify(body));
    const ended = [...main.truth.sessions()].filter(
      ({ session: { endTime } }) => endTime !== null && endTime >= FROM && endTime < TO,
    );
    assert.ok(ended.length > 20);
    assert.deepEqual(
      body.rows.map(({ lsid }: { lsid: string }) => lsid).toSorted(),
      ended.map(({ session }) => session.lsid).toSorted(),
    );
    assert.equal(body.complete, true);
    const names = new Set<string>(
      body.rows.flatMap(({ events }: { events: { data: [string, string][] }[] }) =>
        events.flatMap(({ data }) => data.map(([name]) => name)),
      ),
    );
    assert.ok(names.size > 0);
    assert.ok(![...names].some((name) => name.endsWith('_url')), [...names].join());

    const xml = await get(`sessions?${window}&format=xml`);
    assert.match(xml.headers.get('content-type') ?? '', /^application\/xml/);
    assert.match(xml.bytes.toString(), /download_url/);
    async function* chunks() {
      yield xml.bytes;
    }
    const readings = await collect(readSessionReport(chunks()));
    assert.deepEqual(
      readings.map(({ hash }) => hash),
      body.rows.map(({ hash }: { hash: string }) => hash),
    );
    const [one] = body.rows;
    assert.deepEqual((await get(`sessions?sessions=${one.lsid}`)).body.rows, [one]);

    const few = await get(`sessions?${window}&limit=3`);
    assert.deepEqual([few.body.rows, few.body.complete], [body.rows.slice(0, 3), false]);
    const nothing = `from=${iso(1000)}&to=${iso(2000)}`;
    assert.deepEqual((await get(`sessions?${nothing}`)).body, { rows: [], complete: true });
    assert.equal((await get(`sessions?${nothing}&format=xml`)).status, 204);
  });

test('every other report is given as its reader reads it', async (t) => {
  const { main, get } = await office(t, { product: 'RS' });
  const { truth } = main;
  const rowsOf = async (path: string) => {
    const { status, body } = await get(path);
    assert.equal(status, 200, `${path} ${JSON.stringify(body)}`);
    assert.equal(body.complete, true);
    assert.ok(body.rows.length > 0, path);
    return body.rows;
  };
  assert.deepEqual(await rowsOf(`team-activity?${window}`), json(truth.teamActivity(day)));
  assert.deepEqual(
    await rowsOf(`team-activity?${window}&team=3`),
    json(truth.teamActivity({ ...day, teamId: '3' })),
  );
  assert.deepEqual(await rowsOf(`vault-account-activity?${window}`), json(truth.vaultAccountActivity(day)));
  for (const by of ['customer', 'representative'] as const)
    assert.deepEqual(await rowsOf(`exit-surveys/${by}?${window}`), json(truth.exitSurveys(by, day)));
  assert.deepEqual(
    await rowsOf(`license-usage?${window}&groupBy=hour`),
    json(truth.licenseUsage({ ...day, groupBy: 'hour' })),
  );
  assert.deepEqual(await rowsOf(`session-summary?${window}&type=rep`), json(truth.sessionSummary(day)));
  const listed = await rowsOf(`session-listing?${window}`);
  assert.equal(listed.length, (await get(`sessions?${window}`)).body.rows.length);
  const presentations = await rowsOf(`presentations?${window}&by=start_time`);
  assert.deepEqual(
    presentations.map(({ lsid }: { lsid: string }) => lsid),
    [...truth.presentations()]
      .filter(({ startTime }) => (startTime ?? 0) >= FROM && (startTime ?? TO) < TO)
      .map(({ lsid }) => lsid),
  );
  await rowsOf(`presentation-listing?${window}&by=start_time`);

  const date = iso(TO - 3600).slice(0, 10);
  const archives = await rowsOf(`archive-listing?date=${date}`);
  assert.deepEqual(archives, json(truth.archives(date)));
  const [{ type, index }] = archives;
  const archive = await get(`archive?date=${date}&type=${type}&index=${index}`);
  assert.equal(sha256(archive.bytes), truth.archive(date, type, index)?.sha256);
  assert.equal((await get(`archive?date=${date}&type=state&index=nothing`)).status, 404);

  const syslog = await get('syslog');
  assert.equal(sha256(syslog.bytes), truth.lastSyslog?.sha256);
  assert.equal(syslog.headers.get('content-disposition'), 'attachment; filename="syslog.zip"');
  const licences = await get('endpoint-license-usage');
  assert.equal(sha256(licences.bytes), truth.lastEndpointLicenseUsage?.sha256);
  assert.equal((await get('jump-items')).status, 200);
});

test('content is for those who may view evidence, and what a product does not have is said so', async (t) => {
  const { get, desk } = await office(t, { product: 'PRA', sessions: 5 });
  for (const role of ['Reader', 'Operator', 'Administrator'] as const)
    assert.equal((await get(`sessions?${window}`, role)).status, 403);
  assert.equal((await get(`session-listing?${window}`, 'Reader')).status, 200);
  const surveys = await get(`exit-surveys/customer?${window}`);
  assert.deepEqual([surveys.status, surveys.body.code], [409, 'not-of-this-product']);
  for (const [query, field] of [
    ['', 'from'],
    [`from=${iso(TO)}&to=${iso(FROM)}`, 'from'],
    [`${window}&limit=0`, 'limit'],
    [`${window}&sessions=${'a'.repeat(32)}`, 'from'],
    ['sessions=nothing', 'sessions[0]'],
    [`${window}&colour=red`, 'colour'],
  ]) {
    const { status, body } = await get(`sessions?${query}`);
    assert.deepEqual([status, body.errors?.[0]?.field], [400, field], query);
  }
  const other = await desk.call('GET', `/sites/none/reports/syslog`, undefined, 'EvidenceViewer');
  assert.equal(other.status, 404);
});

test('a report takes a slot of its site and gives it back; what breaks off is no answer', async (t) => {
  const { get, desk, main } = await office(t, { product: 'RS' }, { concurrency: 1 });
  const [site] = (await desk.call('GET', '/sites')).body.sites;
  const slot = await holdSlot(desk.services, site, new AbortController().signal);
  const waiting = get(`sessions?${window}`);
  let answered = false;
  void waiting.then(() => {
    answered = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(answered, false);
  assert.equal(main.log.length, 0, 'nothing is sent while the slot is taken');
  await slot.release();
  assert.equal((await waiting).status, 200);
  assert.equal((await get(`sessions?${window}&limit=1`)).body.rows.length, 1);
  main.faults.add(
    { kind: 'cut', afterBytes: 5000, framing: 'none' },
    { request: 'SupportSession', times: 20 },
  );
  for (const path of [`sessions?${window}`, `sessions?${window}&format=xml`]) {
    const cut = await get(path);
    assert.equal(cut.status, 502, path);
  }
  main.faults.clear();
  assert.equal((await get(`sessions?${window}`)).status, 200, 'every slot came back');
});
