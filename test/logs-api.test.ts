import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { LogFiles } from '../infra/local/log-files.ts';
import { createApi } from '../shared/api/app.ts';
import type { LogLine } from '../shared/log.ts';
import { LogBook } from '../shared/runs/log-book.ts';
import { changeRun, type Run } from '../shared/runs/run.ts';
import { saveSettings } from '../shared/settings/settings-store.ts';
import { draftSettings } from './support/draft-settings.ts';
import { apiHeaders, startInstallation } from './support/installation.ts';
import { named } from './support/principals.ts';
import { makeWorkbench } from './support/workbench.ts';

function keptLog(t: TestContext, now: () => number = Date.now): LogBook {
  const folder = mkdtempSync(join(tmpdir(), 'logs-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return new LogBook({ outputs: [], store: new LogFiles(folder), least: 'info', now });
}

async function office(t: TestContext, kept = true) {
  const bench = makeWorkbench(t);
  await saveSettings(bench.services.state, bench.settings);
  const log = keptLog(t);
  const services = { ...bench.services, log, ...(kept ? { logs: log } : {}) };
  const api = createApi();
  const starter = { start: async () => {}, isGoing: async () => false };
  return {
    bench,
    log,
    async call(path: string, init: RequestInit = {}) {
      const request = new Request(`http://127.0.0.1/api${path}`, init);
      const answer = await api.fetch(request, {
        services,
        starter,
        authenticate: named('someone@example.com'),
      });
      const text = await answer.text();
      return {
        status: answer.status,
        etag: answer.headers.get('etag') ?? '',
        body: text === '' ? {} : JSON.parse(text),
      };
    },
  };
}

test('the log of one run from its tick to its items is shown by the run, with one correlation id', async (t) => {
  let clock = Date.now;
  const log = keptLog(t, () => clock());
  const house = await startInstallation({
    hoursBack: 2,
    services: (services) => {
      clock = services.now;
      return { ...services, log, logs: log };
    },
  });
  t.after(() => house.close());
  await house.changeSettings((draft) => {
    draft.application.logLevel = 'debug';
  });
  house.appliance().faults.add({ kind: 'server-error' }, { request: 'SupportSessionRecording', times: 100 });
  house.passTime(3600);
  await house.stack.host.fireTimer('schedule-tick');
  house.passTime(3600);
  await house.stack.host.fireTimer('schedule-tick');
  await house.stack.host.idle();
  const get = async (path: string) =>
    (await (await fetch(`${house.stack.host.url}/api${path}`, { headers: apiHeaders })).json()) as {
      lines: LogLine[];
      runs: Run[];
    };
  const { runs } = await get('/runs');
  const [run] = runs;
  assert.ok(run && runs.length === 1);
  const { lines } = await get(`/runs/${run.id}/log?limit=1000`);
  const said = (message: string) => lines.filter((line) => line.message === message);
  for (const message of ['Run started by its schedule', 'Run started', 'Progress', 'Run finished'])
    assert.ok(said(message).length > 0, message);
  assert.ok(lines.every((line) => line.run === run.id));
  for (const { item, outcome, bytes } of said('File settled')) {
    assert.equal(outcome, 'stored');
    assert.ok(String(item).length > 0 && Number(bytes) > 0);
  }
  assert.ok(said('File settled').length > 0);
  const wrong = lines.filter(({ level }) => level === 'warn');
  assert.ok(wrong.length > 0);
  for (const { site, stream, item, activity, instance } of wrong) {
    assert.deepEqual([site, stream, activity], ['support', 'session-recording', 'drain']);
    assert.match(String(item), /[0-9a-f]{32}/);
    assert.ok(String(instance).startsWith(run.id));
  }
  const shown = await get(`/runs/${run.id}/log?level=warn&text=recording`);
  assert.deepEqual(shown.lines, wrong);
  // How long each transfer took, and that it all lies within the run.
  for (const result of run.results ?? []) {
    const { startedAt = '', finishedAt = '', seconds = -1, counts, asked, stream, destinationId } = result;
    assert.ok(counts.found > 0 || counts.stored > 0);
    assert.ok((run.startedAt ?? '~') <= startedAt && startedAt <= finishedAt, startedAt);
    assert.ok(finishedAt <= (run.finishedAt ?? ''), finishedAt);
    assert.equal(seconds, (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000);
    const mark = await house.watermark('support', stream, destinationId);
    const read = asked && [Date.parse(asked.from) / 1000, Date.parse(asked.to) / 1000];
    // A backup is not asked for by time.
    assert.deepEqual(read, stream === 'backup' ? undefined : [mark?.begin, mark?.to]);
  }
});

test('a level that is saved is followed at once where it was saved', async (t) => {
  const { call, log } = await office(t);
  log.debug('before');
  const { etag, body } = await call('/settings');
  const saved = await call('/settings', {
    method: 'PUT',
    headers: { 'if-match': etag, 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, application: { ...body.application, logLevel: 'debug' } }),
  });
  assert.equal(saved.status, 200);
  log.debug('after');
  const { lines } = (await call('/log?text=r&level=debug')).body as { lines: LogLine[] };
  const messages = lines.map(({ message }) => message);
  assert.ok(messages.includes('after') && !messages.includes('before'), messages.join());
});

test('another process follows the level within a minute of its next work', async (t) => {
  const { call, bench, log } = await office(t);
  await call('/settings');
  assert.ok(log.followedFor() < 50_000, 'it looked when it was asked something');
  const { settings, etag } = await draftSettings(bench.services.state);
  settings.application.logLevel = 'error';
  await saveSettings(bench.services.state, settings, etag);
  t.mock.method(performance, 'now', () => 1e9);
  await call('/runs');
  log.warn('not any more');
  assert.equal((await call('/log?text=any%20more')).body.lines.length, 0);
});

test('the client log tells who changed what, the service log the rest', async (t) => {
  const { call, log } = await office(t);
  log.info('Tick');
  await call('/scheduler/stop', { method: 'POST' });
  await call('/settings');
  const client = (await call('/log?log=client')).body.lines as LogLine[];
  assert.deepEqual(
    client.map(({ method, path, status, by }) => [method, path, status, by]),
    [['POST', '/api/scheduler/stop', 200, 'someone@example.com']],
  );
  const service = (await call('/log?log=service')).body.lines as LogLine[];
  assert.deepEqual(
    service.map(({ message }) => message),
    ['Tick'],
  );
});

test('the log is shown in pages, and what cannot be asked is refused in one line', async (t) => {
  const { call, log } = await office(t);
  for (let at = 0; at < 5; at++) log.warn(`Line ${at}`);
  const first = (await call('/log?limit=3')).body;
  const second = (await call(`/log?limit=3&next=${encodeURIComponent(first.next)}`)).body;
  assert.deepEqual(
    [...first.lines, ...second.lines].map(({ message }: LogLine) => message),
    ['Line 4', 'Line 3', 'Line 2', 'Line 1', 'Line 0'],
  );
  for (const query of ['level=loud', 'from=yesterday', 'limit=0', 'next=no', 'unknown=1', 'site=A%20B']) {
    const { status, body } = await call(`/log?${query}`);
    assert.equal(status, 400, query);
    assert.ok(!body.title.includes('\n'));
  }
  assert.equal((await call('/runs/nothing/log')).status, 404);
  assert.equal((await (await office(t, false)).call('/log')).status, 404);
});

test('runs are found by status, schedule, site, kind and time, in pages of any size', async (t) => {
  const { bench, call } = await office(t);
  const { state } = bench.services;
  const runs: Run[] = [];
  for (let at = 0; at < 12; at++) {
    bench.clock.now += 3_600_000;
    const run = at % 3 === 0 ? await bench.pullRun({ by: 'lsids', lsids: ['a'] }) : await bench.scheduleRun();
    const status = (['succeeded', 'partial', 'failed', 'queued'] as const)[at % 4];
    runs.push(await changeRun(state, run.id, (now) => ({ ...now, status: status ?? 'queued' })));
  }
  const find = async (query: string) => {
    const found: string[] = [];
    let next: string | undefined;
    do {
      const { status, body } = await call(
        `/runs?limit=2&${query}${next === undefined ? '' : `&next=${next}`}`,
      );
      assert.equal(status, 200, JSON.stringify(body));
      assert.ok(body.runs.length <= 2);
      found.push(...body.runs.map(({ id }: Run) => id));
      next = body.next && encodeURIComponent(body.next);
    } while (next !== undefined);
    return found;
  };
  const wanted = (which: (run: Run) => boolean) =>
    runs
      .filter(which)
      .map(({ id }) => id)
      .toReversed();
  const [from, to] = [runs[3]?.dueAt ?? '', runs[9]?.dueAt ?? ''];
  assert.deepEqual(
    await find(''),
    wanted(() => true),
  );
  assert.deepEqual(
    await find('status=failed'),
    wanted(({ status }) => status === 'failed'),
  );
  assert.deepEqual(
    await find('status=failed,partial'),
    wanted(({ status }) => status === 'failed' || status === 'partial'),
  );
  assert.deepEqual(
    await find('schedule=schedule'),
    wanted(({ scheduleId }) => scheduleId === 'schedule'),
  );
  assert.deepEqual(
    await find('kind=pull&site=site'),
    wanted(({ kind }) => kind === 'pull'),
  );
  assert.deepEqual(await find('site=other'), []);
  assert.deepEqual(
    await find(`from=${from}&to=${to}`),
    wanted(({ dueAt }) => dueAt >= from && dueAt < to),
  );
  assert.deepEqual(
    await find(`to=${from}`),
    wanted(({ dueAt }) => dueAt < from),
  );
  assert.deepEqual(
    await find(`from=${to}&status=queued`),
    wanted((run) => run.dueAt >= to && run.status === 'queued'),
  );
  for (const query of ['status=lost', 'schedule=A', 'to=never', 'kind=x', 'what=1'])
    assert.equal((await call(`/runs?${query}`)).status, 400, query);
});
