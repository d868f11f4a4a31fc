import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oweSnapshot } from '../shared/transfer/owe-snapshot.ts';
import { planSessions } from '../shared/transfer/plan-sessions.ts';
import { readReport } from '../shared/transfer/read-report.ts';
import { inChunks, lsidOf, makeWorkbench, newYear } from './support/workbench.ts';

const transfers = [
  { site: 'site', destination: 'folder', dataTypes: ['session-data', 'presentation-data', 'syslog'] },
];

test('an appliance that is too old for a snapshot is not asked for it, and the run says why', async (t) => {
  const bench = makeWorkbench(t, {
    transfers,
    appliance: {
      info: async () => ({ product: 'RS', now: newYear, clock: 'command', apiVersion: '1.21.0' }),
    },
  });
  const run = await bench.scheduleRun();
  const outcome = await oweSnapshot(bench.services, { runId: run.id, siteId: 'site', stream: 'syslog' });
  assert.ok(outcome.status === 'failed');
  assert.deepEqual([outcome.failure.kind, outcome.failure.code], ['terminal', 'api-version']);
  assert.match(
    outcome.failure.message,
    /^Site "Site" \(site\.example\.com\) has API version 1\.21\.0, and Syslog/,
  );
});

test('presentations that the account may not see are refused by themselves, sessions are planned', async (t) => {
  const bench = makeWorkbench(t, {
    transfers,
    appliance: {
      info: async () => ({
        product: 'RS',
        now: newYear,
        clock: 'command',
        permissions: { perm_reporting_support: '1', perm_reporting_presentation: '0' },
      }),
      async *sessionListing() {},
    },
  });
  const run = await bench.scheduleRun();
  const input = { runId: run.id, siteId: 'site', without: [] };
  const sessions = await planSessions(bench.services, input);
  assert.ok(sessions.status === 'done' && sessions.slices.length > 0);
  assert.deepEqual(sessions.refused, {});
  assert.deepEqual(Object.keys(sessions.marks), ['site|session-data|folder']);
  const presentations = await planSessions(bench.services, { ...input, report: 'presentation' });
  assert.ok(presentations.status === 'done');
  assert.deepEqual([presentations.slices, Object.keys(presentations.marks)], [[], []]);
  const refused = presentations.refused['site|presentation-data|folder'];
  assert.equal(refused?.code, 'no-permission');
  assert.match(refused?.message ?? '', /may not read Presentation Data \(perm_reporting_presentation is 0\)/);
});

test('a presentation report of which nothing can be read is a failure, not an empty one', async (t) => {
  let sent = '';
  const bench = makeWorkbench(t, {
    transfers,
    appliance: { presentationReport: async () => ({ chunks: inChunks(sent) }) },
  });
  const run = await bench.scheduleRun();
  const read = () =>
    readReport(bench.services, {
      runId: run.id,
      siteId: 'site',
      report: 'presentation',
      selector: { by: 'end_time', from: 1, to: 2 },
    });
  sent = '<shows><show number="1"><lsid>x</lsid></show></shows>';
  const unknown = await read();
  assert.ok(unknown.status === 'failed');
  assert.deepEqual([unknown.failure.kind, unknown.failure.code], ['transient', 'unexpected-document']);
  assert.match(unknown.failure.message, /the presentation report has content, and nothing in it has an lsid/);
  sent = `<any_list><anything lsid="${lsidOf(1)}"/></any_list>`;
  const known = await read();
  assert.ok(known.status === 'done');
  assert.equal(known.sessions, 1);
});
