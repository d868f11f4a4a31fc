import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  appliance,
  collect,
  connect,
  FROM,
  failsWith,
  legacy,
  readings,
  TO,
} from './appliance-client-support.ts';

const DAY = { by: 'end_time', from: FROM, to: TO } as const;

for (const product of ['RS', 'PRA'] as const) {
  test(`${product}: every closed session is read, byte for byte, as the appliance says it is`, async (t) => {
    const site = await appliance(t, { product, sessions: 120 });
    const client = connect(site);
    const read = await readings(client, DAY);
    assert.ok(read);
    const expected = [...site.truth.sessions()].filter(
      ({ session: { endTime } }) => endTime !== null && endTime >= FROM && endTime < TO,
    );
    assert.ok(expected.length > 50);
    const byId = new Map(read.map((reading) => [reading.session.lsid, reading]));
    assert.equal(byId.size, read.length);
    assert.deepEqual([...byId.keys()].sort(), expected.map(({ session }) => session.lsid).sort());
    for (const { session } of expected) assert.deepEqual(byId.get(session.lsid)?.session, session);
    const sent = site.log.findLast(({ sessions }) => sessions !== undefined)?.sessions;
    for (const { session, xml } of read) {
      assert.equal(createHash('sha256').update(xml).digest('hex'), sent?.get(session.lsid));
    }
  });
}

test('two readings of the same sessions have different capability URLs and the same hashes', async (t) => {
  const site = await appliance(t, { eventUrls: 'per-reading' });
  const client = connect(site);
  const [first, second] = [await readings(client, DAY), await readings(client, DAY)];
  assert.ok(first && second);
  assert.deepEqual(
    first.map(({ hash }) => hash),
    second.map(({ hash }) => hash),
  );
  assert.notDeepEqual(
    first.map(({ xml }) => xml),
    second.map(({ xml }) => xml),
  );
});

test('running sessions come by start time and by lsid, without an end', async (t) => {
  const site = await appliance(t, { sessions: 300 });
  site.clock.set(TO - 60);
  const client = connect(site);
  const read = await readings(client, { by: 'start_time', from: FROM, to: TO });
  assert.ok(read);
  const open = read.filter(({ session }) => session.endTime === null).map(({ session }) => session.lsid);
  assert.ok(open.length > 0);
  const again = await readings(client, { by: 'lsids', lsids: open.slice(0, 50) });
  assert.deepEqual(again?.map(({ session }) => session.lsid).sort(), open.slice(0, 50).sort());
});

test('exactly one selector is sent, in seconds', async (t) => {
  const site = await appliance(t);
  const client = connect(site);
  await readings(client, { by: 'end_time', from: FROM + 10, to: FROM + 4000 });
  const { parameters } = site.log.at(-1) ?? assert.fail();
  assert.deepEqual(parameters, {
    generate_report: 'SupportSession',
    end_time: String(FROM + 10),
    duration: '3990',
  });
});

test('fifty lsids fit in a request, more are refused before anything is sent', async (t) => {
  const site = await appliance(t, { sessions: 100 });
  const client = connect(site, { site: { product: 'RS' } });
  const lsids = [...site.truth.sessions()].map(({ session }) => session.lsid);
  assert.equal((await readings(client, { by: 'lsids', lsids: lsids.slice(0, 50) }))?.length, 50);
  const sent = site.log.length;
  for (const wrong of [lsids.slice(0, 51), [], ['a,b'], ['../x']]) {
    await failsWith(client.sessionReport({ by: 'lsids', lsids: wrong }), 'terminal', 'bad-selector');
  }
  await failsWith(client.sessionReport({ by: 'end_time', from: 5, to: 5 }), 'terminal', 'bad-selector');
  await failsWith(client.sessionReport({ by: 'end_time', from: 5.5, to: 9 }), 'terminal', 'bad-selector');
  assert.equal(site.log.length, sent);
});

test('an unknown lsid is nothing found; among several it is said so', async (t) => {
  const client = connect(await appliance(t));
  assert.equal(await client.sessionReport({ by: 'lsids', lsids: ['0'.repeat(32)] }), undefined);
  const several = { by: 'lsids', lsids: ['0'.repeat(32), '1'.repeat(32)] } as const;
  await failsWith(client.sessionReport(several), 'item', 'invalid-lsid');
});

test('the listing gives a row for each session', async (t) => {
  const site = await appliance(t, { sessions: 300 });
  const client = connect(site);
  const rows = await collect(client.sessionListing(DAY));
  const truth = [...site.truth.sessions()].filter(
    ({ session: { endTime } }) => endTime !== null && endTime >= FROM && endTime < TO,
  );
  assert.deepEqual(
    rows.map(({ lsid, hasRecording, externalKey }) => [lsid, hasRecording, externalKey ?? '']).sort(),
    truth.map(({ session: s }) => [s.lsid, s.recordings.session, s.externalKey ?? '']).sort(),
  );
});

test('accounts from before 16.1 work with user name and password, which no URL shows', async (t) => {
  const site = await appliance(t);
  const client = connect(site, legacy);
  assert.ok((await readings(client, DAY))?.length);
  assert.equal((await client.info()).product, 'RS');
  const wrong = connect(site, { ...legacy, secret: 'nope' });
  await failsWith(wrong.sessionReport(DAY), 'terminal', 'wrong-secret', /site Main/);
  await failsWith(wrong.info(), 'terminal', 'wrong-secret');
  await failsWith(wrong.backup(), 'terminal', 'wrong-secret');
});

test('info gives product, clock, version, permissions and the appliance id', async (t) => {
  for (const product of ['RS', 'PRA'] as const) {
    const site = await appliance(t, { product });
    const info = await connect(site).info();
    assert.equal(info.product, product);
    assert.equal(info.clock, 'command');
    assert.ok(Math.abs(info.now - site.clock.now()) <= 2);
    assert.equal(info.apiVersion, product === 'RS' ? '1.24.1' : '1.25.0');
    assert.equal(info.permissions?.perm_command, 'full_access');
    assert.match(info.applianceId ?? '', /^[0-9a-f-]{36}$/);
  }
});

test('a reporting-only account finds product and clock through reports', async (t) => {
  for (const product of ['RS', 'PRA'] as const) {
    for (const emptyReport of ['error', 'error-fr', 'empty-list'] as const) {
      const account = {
        kind: 'oauth',
        id: 'only',
        secret: 's',
        permissions: { perm_reporting_support: '1', perm_reporting: '1' },
      } as const;
      const site = await appliance(t, { product, emptyReport, accounts: [account] });
      const only = { site: { auth: { kind: 'oauth', clientId: 'only' } }, secret: 's' } as const;
      const info = await connect(site, only).info();
      assert.deepEqual({ ...info, now: 0 }, { product, now: 0, clock: 'date-header' });
      assert.ok(Math.abs(info.now - site.clock.now()) <= 2);
      assert.ok((await readings(connect(site, only), DAY))?.length);
    }
  }
});

test('an account without the reporting permission is told what is missing', async (t) => {
  const account = {
    kind: 'oauth',
    id: 'none',
    secret: 's',
    permissions: { perm_command: 'read_only' },
  } as const;
  const site = await appliance(t, { accounts: [account] });
  const client = connect(site, { site: { auth: { kind: 'oauth', clientId: 'none' } }, secret: 's' });
  await failsWith(
    client.sessionReport(DAY),
    'terminal',
    'no-permission',
    /report SupportSession.*permission/,
  );
  await failsWith(client.backup(), 'terminal', 'no-permission', /backup.*permission/);
});
