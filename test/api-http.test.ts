import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createApi } from '../shared/api/app.ts';
import { Failure } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import { changeRun, type Run, runId } from '../shared/runs/run.ts';
import { runSettings } from '../shared/runs/run-settings.ts';
import { saveSettings } from '../shared/settings/settings-store.ts';
import { asEverybody } from './support/principals.ts';
import { lsidOf, makeWorkbench, type Workbench } from './support/workbench.ts';

interface Client {
  readonly bench: Workbench;
  readonly started: string[];
  readonly logged: string[];
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are as different as the routes; tests look into them.
  readonly body: any;
}

async function client(context: TestContext, saved = true): Promise<Client> {
  const bench = makeWorkbench(context);
  if (saved) await saveSettings(bench.services.state, bench.settings);
  const started: string[] = [];
  const logged: string[] = [];
  const log: Log = { debug() {}, info() {}, warn() {}, error: (message) => void logged.push(message) };
  const api = createApi();
  const starter = {
    start: async (id: string) => void started.push(id),
    isGoing: async (id: string) => started.includes(id),
  };
  return {
    bench,
    started,
    logged,
    async call(method, path, body, headers = {}) {
      const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
      const request = new Request(`http://127.0.0.1/api${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(text === undefined ? {} : { body: text }),
      });
      const answer = await api.fetch(request, {
        services: { ...bench.services, log },
        starter,
        authenticate: asEverybody,
      });
      const said = await answer.text();
      return {
        status: answer.status,
        headers: answer.headers,
        body: said === '' ? undefined : JSON.parse(said),
      };
    },
  };
}

function isProblem(answer: Answer, status: number, code: string, words?: RegExp): void {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  assert.equal(answer.body.status, status);
  assert.equal(answer.body.code, code, answer.body.title);
  assert.ok(!answer.body.title.includes('\n'));
  assert.match(answer.body.title, words ?? /./);
}

const pull = {
  sites: ['site'],
  destinations: ['folder', 'database'],
  dataTypes: ['session-data', 'session-recording'],
};

test('an address asked for with a method that it does not have says which it has', async (t) => {
  const { call } = await client(t);
  for (const [method, path, allow] of [
    ['DELETE', '/settings', 'GET, PUT, HEAD'],
    ['GET', '/pulls/some/cancel', 'POST'],
    ['PATCH', '/runs/some', 'GET, HEAD'],
  ] as const) {
    const answer = await call(method, path);
    isProblem(answer, 405, 'wrong-method', new RegExp(allow));
    assert.equal(answer.headers.get('allow'), allow);
  }
});

test('what is nowhere, and what breaks, is said as a problem document', async (t) => {
  const { call, bench, logged } = await client(t);
  assert.deepEqual((await call('GET', '/health')).body, { status: 'ok' });
  isProblem(await call('GET', '/nowhere'), 404, 'not-found');
  isProblem(await call('GET', '/runs/nothing'), 404, 'not-found', /"nothing"/);
  await bench.services.state.put('settings', 'settings', 'current', { sites: 'broken' });
  isProblem(await call('GET', '/settings'), 400, 'bad-settings');
  await bench.services.state.close();
  const broken = await call('GET', '/runs');
  assert.ok(broken.status >= 500, String(broken.status));
  assert.equal(broken.headers.get('content-type'), 'application/problem+json');
  assert.ok(!JSON.stringify(broken.body).includes('    at '), 'no stack goes out');
  assert.ok(logged.length <= 1);
});

test('settings are read and saved whole, under the ETag that was read', async (t) => {
  const { call, bench } = await client(t, false);
  const empty = await call('GET', '/settings');
  assert.equal(empty.status, 200);
  assert.equal(empty.headers.get('etag'), null);
  assert.deepEqual(empty.body.sites, []);
  isProblem(await call('PUT', '/settings', bench.settings), 428, 'etag-missing', /If-Match/);
  const first = await call('PUT', '/settings', bench.settings, { 'if-none-match': '*' });
  assert.equal(first.status, 200);
  const etag = first.headers.get('etag') ?? '';
  assert.match(etag, /^"[!#-~]*"$/, 'as RFC 9110 has it');
  isProblem(
    await call('PUT', '/settings', bench.settings, { 'if-none-match': '*' }),
    412,
    'settings-changed',
  );
  const read = await call('GET', '/settings');
  assert.deepEqual([read.headers.get('etag'), read.body], [etag, JSON.parse(JSON.stringify(bench.settings))]);
  const changed = { ...read.body, scheduler: 'stopped' };
  const second = await call('PUT', '/settings', changed, { 'if-match': etag });
  assert.equal(second.status, 200);
  isProblem(await call('PUT', '/settings', changed, { 'if-match': etag }), 412, 'settings-changed');
  // A proxy may have made it weak.
  const weak = `W/${second.headers.get('etag')}`;
  assert.equal((await call('PUT', '/settings', changed, { 'if-match': weak })).status, 200);
});

test('settings that are wrong are refused with the place, and nothing is saved', async (t) => {
  const { call } = await client(t);
  const { headers, body } = await call('GET', '/settings');
  const match = { 'if-match': headers.get('etag') ?? '' };
  isProblem(await call('PUT', '/settings', '{', match), 400, 'bad-request', /not JSON/);
  const wrong = { ...body, schedules: [{ ...body.schedules[0], every: { minutes: 0 } }] };
  isProblem(
    await call('PUT', '/settings', wrong, match),
    400,
    'bad-settings',
    /schedules\[0\]\.every\.minutes: /,
  );
  assert.equal((await call('GET', '/settings')).headers.get('etag'), headers.get('etag'));
});

test('a pull makes a run of its own, for each data type where it can go, and starts it', async (t) => {
  const { call, started, bench } = await client(t);
  const answer = await call('POST', '/pulls', {
    ...pull,
    from: '2025-12-01T00:00:00Z',
    to: '2025-12-02T00:00:00+01:00',
  });
  assert.equal(answer.status, 202);
  const { id } = answer.body as Run;
  assert.equal(answer.headers.get('location'), `/api/pulls/${id}`);
  assert.deepEqual(started, [id]);
  assert.match(id, /^[A-Za-z0-9_-]+$/);
  assert.equal(answer.body.kind, 'pull');
  assert.deepEqual(answer.body.selection, {
    by: 'start_time',
    from: Date.parse('2025-12-01') / 1000,
    to: Date.parse('2025-12-01T23:00:00Z') / 1000,
  });
  assert.deepEqual(
    answer.body.transfers.map(
      ({ stream, destinationId }: Run['transfers'][0]) => `${stream} ${destinationId}`,
    ),
    ['session-data folder', 'session-data database', 'session-recording folder'],
  );
  assert.equal((await runSettings(bench.services.state, id)).sites.length, 1);
  const shown = await call('GET', `/pulls/${id}`);
  assert.equal(shown.status, 200);
  assert.equal(shown.body.results.length, 3);
});

test('a pull until now reaches beyond our clock, since the appliance may be ahead', async (t) => {
  const { call, bench } = await client(t);
  const { body } = await call('POST', '/pulls', { ...pull, from: '2025-12-01T00:00:00Z' });
  assert.ok(body.selection.to > bench.clock.now / 1000 + 3600);
});

test('sessions are pulled by id, each once', async (t) => {
  const { call } = await client(t);
  const ids = [lsidOf(0xabc), lsidOf(0xabc).toUpperCase(), lsidOf(2)];
  const { status, body } = await call('POST', '/pulls', { ...pull, sessions: ids });
  assert.equal(status, 202);
  assert.deepEqual(body.selection, { by: 'lsids', lsids: [lsidOf(0xabc), lsidOf(2)] });
});

test('a pull that makes no sense is refused with what is wrong, and makes no run', async (t) => {
  const { call, started } = await client(t);
  const day = { from: '2025-12-01T00:00:00Z' };
  for (const [body, code, words] of [
    ['{', 'bad-request', /not JSON/],
    [{}, 'bad-request', /sites/],
    [{ ...pull, ...day, extra: 1 }, 'bad-request', /extra/],
    [{ ...pull, ...day, sites: ['other'] }, 'unknown-site', /"other"/],
    [{ ...pull, ...day, destinations: ['other'] }, 'unknown-destination', /"other"/],
    [{ ...pull, ...day, dataTypes: ['chat'] }, 'bad-request', /dataTypes\[0\]/],
    [
      { ...pull, ...day, destinations: ['database'], dataTypes: ['backup'] },
      'bad-request',
      /takes Site Backups/,
    ],
    [pull, 'bad-request', /give from/],
    [{ ...pull, from: 'yesterday' }, 'bad-request', /from/],
    [{ ...pull, from: '2025-12-02T00:00:00Z', to: '2025-12-01T00:00:00Z' }, 'bad-request', /before to/],
    [{ ...pull, to: '2025-12-01T00:00:00Z' }, 'bad-request', /to needs from/],
    [{ ...pull, ...day, sessions: [lsidOf(1)] }, 'bad-request', /not both/],
    [{ ...pull, sessions: ['x; DROP'] }, 'bad-request', /sessions\[0\]: a session id/],
    [{ ...pull, sessions: [] }, 'bad-request', /sessions/],
  ] as const) {
    isProblem(await call('POST', '/pulls', body), code.startsWith('unknown') ? 404 : 400, code, words);
  }
  assert.deepEqual(started, []);
});

test('a backup alone needs no selection', async (t) => {
  const { call } = await client(t);
  const { status, body } = await call('POST', '/pulls', { ...pull, dataTypes: ['backup'] });
  assert.equal(status, 202);
  assert.equal(body.selection, undefined);
});

test('cancelling marks the run once, and a run that has ended stays as it is', async (t) => {
  const { call, bench } = await client(t);
  const { body } = await call('POST', '/pulls', { ...pull, from: '2025-12-01T00:00:00Z' });
  const cancel = await call('POST', `/pulls/${body.id}/cancel`);
  assert.equal(cancel.status, 202);
  assert.equal(cancel.body.cancelRequested, true);
  assert.equal((await call('POST', `/pulls/${body.id}/cancel`)).status, 202);
  const other = (await call('POST', '/pulls', { ...pull, from: '2025-12-01T00:00:00Z' })).body as Run;
  const finishedAt = '2026-01-01T00:00:00.000Z';
  await changeRun(bench.services.state, other.id, (run) => ({
    ...run,
    finishedAt,
    status: 'succeeded',
    results: [],
  }));
  assert.equal((await call('POST', `/pulls/${other.id}/cancel`)).body.cancelRequested, undefined);
  isProblem(await call('POST', '/pulls/none/cancel'), 404, 'not-found');
});

test('a run of a schedule is no pull', async (t) => {
  const { call, bench } = await client(t);
  const { id } = await bench.scheduleRun();
  assert.equal((await call('GET', `/runs/${id}`)).status, 200);
  isProblem(await call('GET', `/pulls/${id}`), 404, 'not-found');
  isProblem(await call('POST', `/pulls/${id}/cancel`), 404, 'not-found');
  const cancelled = await call('POST', `/runs/${id}/cancel`);
  assert.deepEqual([cancelled.status, cancelled.body.cancelRequested], [202, true]);
});

test('runs are listed newest first, in pages', async (t) => {
  const { call, bench } = await client(t);
  const made: string[] = [];
  for (let at = 0; at < 5; at++) {
    bench.clock.now += 60_000;
    made.push((await bench.scheduleRun()).id);
  }
  const seen: string[] = [];
  let from = '';
  for (let pages = 0; pages < 3; pages++) {
    const { status, body } = await call('GET', `/runs?limit=2${from}`);
    assert.equal(status, 200);
    seen.push(...body.runs.map(({ id }: Run) => id));
    from = body.next === undefined ? '' : `&from=${encodeURIComponent(body.next)}`;
    assert.equal(body.next === undefined, pages === 2);
  }
  assert.deepEqual(seen, made.toReversed());
  for (const query of ['limit=0', 'limit=201', 'limit=many', `from=${encodeURIComponent('a/b c')}`])
    isProblem(await call('GET', `/runs?${query}`), 400, 'bad-request');
});

test('ids of runs sort newest first and can name an orchestration', () => {
  const ids = [1_700_000_000_000, 1_800_000_000_000, 1_900_000_000_000].map((due) =>
    runId(due, 'daily-pull'),
  );
  assert.deepEqual(ids.toSorted(), ids.toReversed());
  for (const id of ids) assert.match(id, /^[A-Za-z0-9_-]{1,100}$/);
});

test('a pull that cannot be started has failed, and does not look as if it waited', async (t) => {
  const { bench } = await client(t);
  const api = createApi();
  const starter = {
    start: async () => {
      throw new Failure(
        'transient',
        'start-failed',
        'The run could not be started; the next tick tries again.',
      );
    },
    isGoing: async () => false,
  };
  const request = new Request('http://127.0.0.1/api/pulls', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...pull, from: '2025-12-01T00:00:00Z' }),
  });
  const answer = await api.fetch(request, { services: bench.services, starter, authenticate: asEverybody });
  assert.equal(answer.status, 503);
  assert.match(((await answer.json()) as { title: string }).title, /ask for it again/);
  const { entries } = await bench.services.state.list<Run>('runs', 'run');
  assert.deepEqual(
    entries.map(({ value }) => [value.status, value.finishedAt !== undefined, value.failure?.code]),
    [['failed', true, 'start-failed']],
  );
});

test('an installation that lacks a setting says which, to whoever asks', async () => {
  const api = createApi();
  const answer = await api.fetch(new Request('http://localhost/api/runs'), {
    get services(): never {
      throw new Failure(
        'terminal',
        'setting-missing',
        'The application setting X is missing; see the README.',
      );
    },
  });
  assert.equal(answer.status, 500);
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  assert.equal(
    ((await answer.json()) as { title: string }).title,
    'The application setting X is missing; see the README.',
  );
});
