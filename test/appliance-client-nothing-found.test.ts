import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appliance, collect, connect, FROM, failsWith, readings, TO } from './appliance-client-support.ts';

const DAY = { by: 'end_time', from: FROM, to: TO } as const;
const EMPTY = { by: 'end_time', from: 1000, to: 2000 } as const;
const GERMAN = 'Es sind keine passenden Support-Berichtsdaten vorhanden.';
const FAILURE = 'The search could not be completed.';

test('an empty window is nothing found, in each way appliances say it', async (t) => {
  for (const product of ['RS', 'PRA'] as const) {
    for (const emptyReport of ['error', 'error-fr', 'empty-list'] as const) {
      const site = await appliance(t, { product, emptyReport });
      const client = connect(site);
      assert.equal(await client.sessionReport(EMPTY), undefined);
      assert.deepEqual(await collect(client.sessionListing(EMPTY)), []);
      // Known texts cost no further question.
      assert.equal(site.log.filter(({ request }) => request.includes('Session')).length, 2);
    }
  }
});

test('a known text counts with attributes and within the list as well', async (t) => {
  const site = await appliance(t);
  const client = connect(site);
  const message = 'No Support report information matching your chosen criteria is available.';
  for (const nested of [false, true]) {
    site.faults.add(
      { kind: 'error-document', message, attributes: true, nested },
      { request: 'SupportSession' },
    );
    assert.equal(await client.sessionReport(DAY), undefined);
  }
});

test('a failure in place of a report is a failure, root or nested, with attributes or not', async (t) => {
  const site = await appliance(t);
  const client = connect(site);
  for (const nested of [false, true]) {
    for (const attributes of [false, true]) {
      site.faults.add({ kind: 'error-document', nested, attributes }, { request: 'SupportSession' });
      const failure = await failsWith(
        client.sessionReport(DAY),
        'transient',
        'appliance-error',
        /search could not/,
      );
      assert.match(failure.message, /Main \(localhost:\d+\)/);
    }
  }
  // The sessions are there all the while.
  assert.ok((await readings(client, DAY))?.length);
});

test('a failure of every report is never taken for nothing found', async (t) => {
  const site = await appliance(t);
  const client = connect(site);
  for (const message of [FAILURE, GERMAN]) {
    site.faults.add({ kind: 'error-document', message }, { request: 'reporting', times: 1000 });
    await failsWith(
      client.sessionReport(DAY),
      'transient',
      'appliance-error',
      /not taken for "nothing found"/,
    );
    await failsWith(collect(client.sessionListing(DAY)), 'transient', 'appliance-error');
    site.faults.clear();
  }
});

/** An appliance whose language is not known: every empty answer says so in its own words. */
async function inGerman(t: Parameters<typeof appliance>[0]) {
  const site = await appliance(t);
  // Faults meet requests in turn; this text stands wherever the simulated appliance would have said it in English.
  const client = connect(site, { site: { product: 'RS' } });
  return {
    site,
    client,
    say: (request: string, options: { times?: number; after?: number } = {}) =>
      site.faults.add({ kind: 'error-document', message: GERMAN }, { request, ...options }),
  };
}

test('an unknown text is learned from the appliance, then known without asking', async (t) => {
  const { site, client, say } = await inGerman(t);
  // The question, [proof by lsid passes], the second of 1970, the question again; then the listing of the window.
  say('SupportSession', { times: 1 });
  say('SupportSession', { after: 1, times: 2 });
  say('SupportSessionListing', { after: 1, times: 1 });
  assert.equal(await client.sessionReport(EMPTY), undefined);
  const asked = site.log
    .filter(({ request }) => request.startsWith('SupportSession'))
    .map(({ request }) => request);
  assert.deepEqual(asked, [
    'SupportSession',
    'SupportSessionListing',
    'SupportSession',
    'SupportSession',
    'SupportSession',
    'SupportSessionListing',
    'SupportSessionListing',
    'SupportSession',
  ]);
  assert.equal(site.log.find(({ parameters }) => parameters.end_time === '1')?.fault, 'error-document');
  say('SupportSession');
  const before = site.log.length;
  assert.equal(await client.sessionReport(EMPTY), undefined);
  assert.equal(site.log.length, before + 1);
});

test('a failure that meets only the windows of one report is told from nothing found', async (t) => {
  const { client, say } = await inGerman(t);
  // The question fails, twice; a second of 1970 is answered as usual.
  say('SupportSession', { times: 1 });
  say('SupportSession', { after: 2, times: 1 });
  await failsWith(
    client.sessionReport(DAY),
    'transient',
    'appliance-error',
    /empty window is answered otherwise/,
  );
});

test('a failure that passes while it is looked into is told from nothing found', async (t) => {
  const { client, say } = await inGerman(t);
  say('SupportSession', { times: 1 });
  say('SupportSession', { after: 1, times: 1 });
  await failsWith(
    client.sessionReport(DAY),
    'transient',
    'appliance-error',
    /same question was then answered/,
  );
});

test('a report that fails for every window is told from nothing found by the other report', async (t) => {
  const { client, say } = await inGerman(t);
  say('SupportSession', { times: 1 });
  say('SupportSession', { after: 1, times: 2 });
  const words = /SupportSessionListing has sessions for the window/;
  await failsWith(client.sessionReport(DAY), 'transient', 'appliance-error', words);
});

test('without any session to compare with, an unknown text stays an error, unless the settings know it', async (t) => {
  const site = await appliance(t, { sessions: 0 });
  site.faults.add({ kind: 'error-document', message: GERMAN }, { request: 'reporting', times: 1000 });
  const client = connect(site, { site: { product: 'RS' } });
  await failsWith(
    client.sessionReport(DAY),
    'transient',
    'appliance-error',
    /no other session could be read/,
  );
  const told = connect(site, { site: { product: 'RS', nothingFound: [GERMAN] } });
  assert.equal(await told.sessionReport(DAY), undefined);
  assert.deepEqual(await collect(told.sessionListing(DAY)), []);
});

test('a sign-in page with status 200 is no report', async (t) => {
  const site = await appliance(t);
  const client = connect(site, { site: { product: 'RS' } });
  site.faults.add({ kind: 'html' }, { request: 'reporting', times: 100 });
  await failsWith(client.sessionReport(DAY), 'transient', 'unexpected-document', /web page/);
  await failsWith(collect(client.sessionListing(DAY)), 'transient', 'unexpected-document');
});

test('a cut error document is no empty report', async (t) => {
  const site = await appliance(t);
  const client = connect(site, { site: { product: 'RS' } });
  for (const framing of ['length', 'chunked', 'none'] as const) {
    site.faults.add({ kind: 'cut', afterBytes: 150, framing }, { request: 'SupportSession', times: 3 });
    await failsWith(client.sessionReport(EMPTY), 'transient', 'truncated');
  }
});
