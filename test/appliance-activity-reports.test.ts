import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  readArchiveListing,
  readExitSurveys,
  readLicenseUsage,
  readPresentations,
  readTeamActivity,
  readVaultAccountActivity,
} from '../shared/appliance/reports/index.ts';
import { hoursOf, rowsOf } from './activity-support.ts';
import { appliance, collect, connect, FROM, failsWith, legacy, TO } from './appliance-client-support.ts';

const day = { from: FROM, to: TO };
const hours = hoursOf(FROM, TO);

for (const product of ['RS', 'PRA'] as const) {
  test(`team activity of ${product} is the truth: whole, hour by hour, and of one team`, async (t) => {
    const site = await appliance(t, { product, sessions: 120 });
    const client = connect(site);
    const whole = await rowsOf(client.teamActivity(day), readTeamActivity);
    assert.deepEqual(whole, site.truth.teamActivity(day));
    const kinds = new Set(whole.map(({ kind }) => kind));
    assert.deepEqual([...kinds].sort(), ['event', 'member', 'team']);
    const events = whole.filter(({ kind }) => kind === 'event');
    assert.equal(events.length, 120, 'no event is lost or comes twice');
    const parts = [];
    for (const hour of hours) {
      const rows = await rowsOf(client.teamActivity(hour), readTeamActivity);
      assert.deepEqual(rows, site.truth.teamActivity(hour));
      parts.push(...rows.filter(({ kind }) => kind === 'event'));
    }
    assert.equal(parts.length, events.length, 'half-open windows cut nothing and repeat nothing');
    const one = await rowsOf(client.teamActivity({ ...day, teamId: '3' }), readTeamActivity);
    assert.deepEqual(one, site.truth.teamActivity({ ...day, teamId: '3' }));
    assert(one.length > 0 && one.every(({ team }) => team.id === '3'));
    assert.equal(site.log.at(-1)?.request, product === 'RS' ? 'SupportTeam' : 'Team');
  });

  test(`vault account activity of ${product} is the truth, whole, by user and by account`, async (t) => {
    const site = await appliance(t, { product, sessions: 120 });
    const client = connect(site);
    const whole = await rowsOf(client.vaultAccountActivity(day), readVaultAccountActivity);
    assert.equal(whole.length, 60);
    assert.deepEqual(whole, site.truth.vaultAccountActivity(day));
    const user = whole[0]?.performedBy?.id ?? '';
    for (const limit of ['all', `rep:${user}`, 'account:1']) {
      const rows = await rowsOf(client.vaultAccountActivity({ ...day, limit }), readVaultAccountActivity);
      assert.deepEqual(rows, site.truth.vaultAccountActivity({ ...day, limit }));
      assert(rows.length > 0 && (limit === 'all') === (rows.length === whole.length));
    }
  });

  test(`session summaries of ${product} are the truth`, async (t) => {
    const site = await appliance(t, { product, sessions: 120 });
    site.clock.rate(0);
    const reportType = product === 'RS' ? 'rep' : 'user';
    const rows = await connect(site).sessionSummary({ ...day, reportType });
    assert(rows.length > 2);
    assert.deepEqual(rows, site.truth.sessionSummary(day));
    assert.deepEqual(await connect(site).sessionSummary({ from: 1, to: 2, reportType }), []);
  });
}

test('exit surveys are the truth and come with the sessions that began in the window', async (t) => {
  const site = await appliance(t, { sessions: 120 });
  site.clock.set(TO + 40 * 3600);
  const client = connect(site);
  const lsids = new Set([...site.truth.sessions()].map(({ session }) => session.lsid));
  for (const by of ['customer', 'representative'] as const) {
    const whole = await rowsOf(client.exitSurvey(by, day), readExitSurveys);
    assert(whole.length > 10);
    assert.deepEqual(whole, site.truth.exitSurveys(by, day));
    assert(whole.every(({ lsid, submittedBy }) => lsids.has(lsid) && submittedBy?.type === by));
    const hourly = [];
    for (const hour of hours) hourly.push(...(await rowsOf(client.exitSurvey(by, hour), readExitSurveys)));
    assert.deepEqual(hourly, whole);
  }
});

test('licence usage is the truth by hour, day and month, and says how it is grouped', async (t) => {
  const site = await appliance(t);
  const client = connect(site);
  for (const groupBy of ['hour', 'day', 'month'] as const) {
    const body = await client.licenseUsage({ ...day, groupBy });
    assert(body);
    const report = readLicenseUsage(body.chunks);
    const rows = await collect(report);
    assert.deepEqual(rows, site.truth.licenseUsage({ ...day, groupBy }));
    assert.deepEqual(report.head, { start: FROM, end: TO, groupBy });
    assert(report.complete && rows.length > 0);
  }
});

test('presentations are the truth, by start, by end and by lsid, and are listed', async (t) => {
  const site = await appliance(t, { sessions: 200 });
  site.clock.rate(0);
  const client = connect(site);
  const truth = [...site.truth.presentations()];
  const read = async (selector: Parameters<typeof client.presentationReport>[0]) =>
    (await rowsOf(client.presentationReport(selector), readPresentations)).map(({ session }) => session);
  assert.equal(truth.length, 20);
  assert.deepEqual(await read({ by: 'start_time', ...day }), truth);
  assert.deepEqual(
    await read({ by: 'end_time', ...day }),
    truth.filter(({ endTime }) => endTime !== null && endTime < TO),
  );
  const lsids = truth.slice(3, 5).map(({ lsid }) => lsid);
  assert.deepEqual(await read({ by: 'lsids', lsids }), truth.slice(3, 5));
  assert.deepEqual(await read({ by: 'lsids', lsids: ['0'.repeat(32)] }), []);
  assert.deepEqual(
    await collect(client.presentationListing({ by: 'start_time', ...day })),
    truth.map(({ lsid, recordings, externalKey }) => ({
      lsid,
      hasRecording: recordings.session,
      externalKey: externalKey === '' ? null : externalKey,
    })),
  );
});

test('archives are listed, and come as they were packed', async (t) => {
  const site = await appliance(t);
  const client = connect(site);
  const date = new Date(FROM * 1000).toISOString().slice(0, 10);
  const rows = await rowsOf(client.archiveListing(date), readArchiveListing);
  assert.deepEqual(rows, site.truth.archives(date));
  assert.deepEqual([...new Set(rows.map(({ type }) => type))].sort(), ['event', 'state']);
  assert.equal(await client.archiveListing('2001-01-01'), undefined);
  assert.equal(await client.archive({ date: '2001-01-01', type: 'state', index: '0' }), undefined);
  await failsWith(client.archiveListing('2001-02-31'), 'terminal', 'bad-selector');
});

const empty = { from: 1, to: 2 };

for (const emptyReport of ['error', 'error-fr', 'empty-list'] as const) {
  test(`nothing found is nothing for every report, said by ${emptyReport}`, async (t) => {
    const site = await appliance(t, { emptyReport });
    const client = connect(site);
    assert.equal(await client.teamActivity(empty), undefined);
    assert.equal(await client.vaultAccountActivity(empty), undefined);
    assert.equal(await client.exitSurvey('customer', empty), undefined);
    assert.equal(await client.exitSurvey('representative', empty), undefined);
    assert.equal(await client.licenseUsage({ ...empty, groupBy: 'hour' }), undefined);
    assert.equal(await client.presentationReport({ by: 'end_time', ...empty }), undefined);
    assert.deepEqual(await collect(client.presentationListing({ by: 'start_time', ...empty })), []);
    assert.deepEqual(await client.sessionSummary({ ...empty, reportType: 'rep' }), []);
  });
}

test('a text that nobody knows is taken for nothing found only when the report itself shows it', async (t) => {
  const site = await appliance(t);
  const client = connect(site, { retry: { attempts: 1 } });
  const unknown = { kind: 'error-document', message: 'Keine Daten für diese Kriterien.' } as const;
  site.faults.add(unknown, { request: 'VaultAccountActivity' });
  await failsWith(client.vaultAccountActivity(day), 'transient', 'appliance-error', /answered otherwise/);
  site.faults.clear();
  site.faults.add(unknown, { request: 'VaultAccountActivity', times: 9 });
  await failsWith(
    client.vaultAccountActivity(day),
    'transient',
    'appliance-error',
    /no rows in the last 90 days/,
  );
  site.faults.clear();
  // The question, rows of the last days, an empty window, the question again, rows of the last days.
  const before = site.log.length;
  site.faults.add(unknown, { request: 'VaultAccountActivity' });
  site.faults.add(unknown, { request: 'VaultAccountActivity', after: 1, times: 2 });
  assert.equal(await client.vaultAccountActivity(empty), undefined, 'shown');
  assert.equal(site.log.length - before, 5);
  site.faults.clear();
  site.faults.add(unknown, { request: 'VaultAccountActivity' });
  assert.equal(await client.vaultAccountActivity(day), undefined, 'remembered');
});

test('a report of the other product is refused before anything is asked', async (t) => {
  const rs = await appliance(t);
  const pra = await appliance(t, { product: 'PRA' });
  const onRs = connect(rs, { site: { product: 'RS' } });
  const onPra = connect(pra, { site: { product: 'PRA' } });
  const refused = [
    () => onRs.userRecording('a1'),
    () => onPra.showMyScreenRecording('a1', '0'),
    () => onPra.presentationReport({ by: 'start_time', ...day }),
    () => collect(onPra.presentationListing({ by: 'start_time', ...day })),
    () => onPra.presentationRecording('a1'),
    () => onPra.exitSurvey('customer', day),
    () => onPra.licenseUsage({ ...day, groupBy: 'day' }),
    () => onPra.archiveListing('2026-01-01'),
    () => onPra.archive({ date: '2026-01-01', type: 'state', index: '0' }),
  ];
  for (const call of refused) await failsWith(call(), 'terminal', 'not-of-this-product', /Main \(localhost/);
  assert.deepEqual([...rs.log, ...pra.log], []);
});

test('each kind of report has a permission of its own, and a missing one is named as such', async (t) => {
  const permissions = { perm_reporting_support: '1', perm_command: 'read_only' };
  const site = await appliance(t, {
    accounts: [{ kind: 'oauth', id: 'integration-client', secret: 's', permissions }],
  });
  const client = connect(site, { secret: 's' });
  assert(await client.teamActivity(day));
  for (const call of [
    () => client.vaultAccountActivity(day),
    () => client.licenseUsage({ ...day, groupBy: 'hour' }),
    () => client.presentationReport({ by: 'start_time', ...day }),
    () => client.syslog(),
    () => client.endpointLicenseUsage(),
    () => client.archiveListing('2026-01-01'),
  ])
    await failsWith(call(), 'terminal', 'no-permission');
});

test('a report that breaks off, or an error among its rows, is no report', async (t) => {
  const site = await appliance(t, { sessions: 400 });
  const client = connect(site, { retry: { attempts: 2 } });
  for (const framing of ['length', 'chunked', 'none'] as const) {
    // An opening that meets it is repeated.
    site.faults.add({ kind: 'cut', afterBytes: 30_000, framing }, { request: 'SupportTeam', times: 2 });
    await failsWith(rowsOf(client.teamActivity(day), readTeamActivity), 'transient', 'truncated');
    site.faults.clear();
  }
  site.faults.add({ kind: 'html' }, { request: 'SupportTeam', times: 2 });
  await failsWith(client.teamActivity(day), 'transient', 'unexpected-document');
  site.faults.add({ kind: 'too-many-requests', retryAfterSeconds: 0 }, { request: 'VaultAccountActivity' });
  assert((await rowsOf(client.vaultAccountActivity(day), readVaultAccountActivity)).length > 0);
});

test('user name and password, sent in a form, get the same answers', async (t) => {
  const site = await appliance(t, { sessions: 60 });
  site.clock.set(TO + 40 * 3600);
  const [oauth, form] = [connect(site), connect(site, legacy)];
  for (const client of [oauth, form]) {
    assert.deepEqual(await rowsOf(client.teamActivity(day), readTeamActivity), site.truth.teamActivity(day));
    assert.deepEqual(
      await rowsOf(client.exitSurvey('customer', day), readExitSurveys),
      site.truth.exitSurveys('customer', day),
    );
  }
});

test('windows and parameters that make no sense are refused, and nothing is sent', async (t) => {
  const site = await appliance(t);
  const client = connect(site, { site: { product: 'RS' } });
  for (const call of [
    () => client.teamActivity({ from: 5, to: 5 }),
    () => client.teamActivity({ ...day, teamId: 'a b' }),
    () => client.vaultAccountActivity({ ...day, limit: 'rep:1&x=y' }),
    () => client.sessionSummary({ ...day, reportType: '' }),
    () => client.commandShellRecording('a1', '-1', 'video'),
    () => client.commandShellRecording('a/1', '0', 'video'),
    () => client.archive({ date: '2026-01-01', type: 'state', index: '../1' }),
  ])
    await failsWith(call(), 'terminal', 'bad-selector');
  assert.deepEqual(site.log, []);
});
