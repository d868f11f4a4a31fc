import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type PostedEvent, takeEvent } from '../shared/api/events.ts';
import { Failure } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import { liveWork } from '../shared/runs/live-runs.ts';
import { EVENT_DELAY, queueEvent } from '../shared/runs/session-events.ts';
import { saveSettings } from '../shared/settings/settings-store.ts';
import { draftSettings } from './support/draft-settings.ts';
import { lsidOf, makeWorkbench } from './support/workbench.ts';

const secret = 'a-secret-of-the-appliance';
const ended = (lsid: string, more: Record<string, string> = {}) =>
  new URLSearchParams({
    event: 'support_conference_end',
    version: '1.3',
    timestamp: '1767225600',
    lsid,
    external_key: '',
    appliance_id: 'a1',
    ...more,
  }).toString();

async function office(t: TestContext, values: Record<string, string | Failure> = { hook: secret }) {
  const bench = makeWorkbench(t, { site: { eventSecret: 'hook' } });
  await saveSettings(bench.services.state, bench.settings);
  const lines: string[] = [];
  const keep = (message: string, fields?: object) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: keep, info: keep, warn: keep, error: keep };
  const services = {
    ...bench.services,
    log,
    secrets: {
      async get(name: string) {
        const value = values[name];
        if (value instanceof Failure) throw value;
        if (value === undefined)
          throw new Failure('terminal', 'secret-missing', `The secret "${name}" is nowhere.`);
        return value;
      },
    },
  };
  let asked = 0;
  return {
    bench,
    services,
    lines,
    bodies: () => asked,
    post: (body: string, given = secret) =>
      takeEvent(services, {
        secret: given,
        body: async () => {
          asked++;
          return body;
        },
      } satisfies PostedEvent),
    queued: async () => (await liveWork(services.state)).events.map(({ value }) => value),
  };
}

test('the end of a session is queued once it is answered, for a time when its report is there', async (t) => {
  const { post, queued, bench } = await office(t);
  assert.equal(await post(ended(lsidOf(0xabc).toUpperCase())), 200);
  assert.deepEqual(await queued(), [
    {
      siteId: 'site',
      lsid: lsidOf(0xabc),
      receivedAt: bench.clock.now,
      dueAt: bench.clock.now + EVENT_DELAY,
      tries: 0,
    },
  ]);
});

test('an unknown secret gets 404, whatever it is, and what it sends is not even read', async (t) => {
  const { post, queued, bodies } = await office(t);
  for (const given of [
    '',
    'wrong',
    secret.slice(0, -1),
    `${secret}x`,
    secret.toUpperCase(),
    'x'.repeat(100_000),
    '\0',
  ])
    assert.equal(await post(ended(lsidOf(1)), given), 404);
  assert.deepEqual([bodies(), await queued()], [0, []]);
});

test('a site without a secret, or with one that is short, long or not set, takes nothing', async (t) => {
  for (const value of ['', 'too-short', 'x'.repeat(201)])
    assert.equal(await (await office(t, { hook: value })).post(ended(lsidOf(1)), value), 404);
  const nowhere = await office(t, {});
  assert.equal(await nowhere.post(ended(lsidOf(1))), 404);
  const { settings, etag } = await draftSettings(nowhere.services.state);
  for (const site of settings.sites) delete site.eventSecret;
  await saveSettings(nowhere.services.state, settings, etag);
  assert.equal(await nowhere.post(ended(lsidOf(1))), 404);
});

test('while the store of secrets is away nobody can know whose an event is: the appliance asks again', async (t) => {
  const { post, queued } = await office(t, {
    hook: new Failure('transient', 'unreachable', 'The vault is away.'),
  });
  assert.equal(await post(ended(lsidOf(1))), 503);
  assert.deepEqual(await queued(), []);
});

test('an event that cannot be kept is not answered 200', async (t) => {
  const { post, services } = await office(t);
  t.mock.method(services.state, 'insert', async () => {
    throw new Error('the store is away');
  });
  await assert.rejects(post(ended(lsidOf(1))), /away/);
});

test('other events, and bodies that are odd, are answered 200 and start nothing', async (t) => {
  const { post, queued } = await office(t);
  for (const body of [
    '',
    '\0\xff%%%=&&&',
    '{"event": ',
    '[]',
    'null',
    '<xml/>',
    'x'.repeat(70_000),
    ended('not-an-lsid'),
    ended(''),
    ended(lsidOf(1), { event: 'support_conference_begin' }),
    ended(lsidOf(1), { event: 'support_conference_member_departed' }),
    ended(lsidOf(1), { event: '_conference_end' }),
    ended(lsidOf(1), { event: 'support_conference_end\nx' }),
    '{"event":"support_conference_end","lsid":5}',
  ])
    assert.equal(await post(body), 200, body.slice(0, 60));
  assert.deepEqual(await queued(), []);
  assert.equal(await post(ended(lsidOf(2), { event: 'access_conference_end' })), 200);
  assert.equal(await post(JSON.stringify({ event: 'support_conference_end', lsid: lsidOf(3) })), 200);
  assert.deepEqual(
    (await queued()).map(({ lsid }) => lsid),
    [lsidOf(2), lsidOf(3)],
  );
});

test('the same end said again is one row, also when both come at once and from two sites with one secret', async (t) => {
  const { post, queued, services } = await office(t);
  await Promise.all([1, 2, 3].map(() => post(ended(lsidOf(1)))));
  assert.equal((await queued()).length, 1);
  const { settings, etag } = await draftSettings(services.state);
  const [site] = settings.sites;
  assert.ok(site);
  settings.sites.push({ ...site, id: 'other', name: 'Other', host: 'other.example.com' });
  await saveSettings(services.state, settings, etag);
  await post(ended(lsidOf(1)));
  assert.deepEqual(
    (await queued()).map(({ siteId }) => siteId),
    ['other', 'site'],
  );
});

test('neither the secret nor the body is logged', async (t) => {
  const { post, lines } = await office(t);
  await post(ended(lsidOf(1), { external_key: 'canary' }));
  await post('event=canary_x&lsid=canary', 'another-secret-canary');
  await post(ended('canary'));
  assert.ok(lines.length >= 2);
  for (const line of lines) assert.ok(!line.includes('canary') && !line.includes(secret), line);
});

test('a row that is pulled meanwhile is not lost', async (t) => {
  const { services, queued } = await office(t);
  const event = { siteId: 'site', lsid: lsidOf(1) };
  await queueEvent(services.state, event, 1000);
  // It goes away just as it is looked for.
  t.mock.method(services.state, 'get', async () => {
    t.mock.restoreAll();
    await services.state.remove('runs', 'live', (await liveWork(services.state)).events[0]?.key ?? '');
    return undefined;
  });
  await queueEvent(services.state, event, 2000);
  assert.deepEqual(
    (await queued()).map(({ receivedAt }) => receivedAt),
    [2000],
  );
});
