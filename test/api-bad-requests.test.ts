import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { createApi } from '../shared/api/app.ts';
import type { Operation } from '../shared/api/operation.ts';
import { operations } from '../shared/api/operations.ts';
import type { Problem } from '../shared/api/problem.ts';
import { saveSettings } from '../shared/settings/settings-store.ts';
import { apiHeaders, startInstallation } from './support/installation.ts';
import { asEverybody } from './support/principals.ts';
import { lsidOf, makeWorkbench } from './support/workbench.ts';

type RequestBody = NonNullable<ConstructorParameters<typeof Request>[1]>['body'];

const json = { 'content-type': 'application/json' };

/** With a body of JSON: each of them is sent everything that is wrong. */
const taking = operations.filter(({ body }) => body !== undefined);

async function desk(t: TestContext) {
  const bench = makeWorkbench(t);
  await saveSettings(bench.services.state, bench.settings);
  const api = createApi();
  const starter = { start: async () => {}, isGoing: async () => false };
  const unexpected: string[] = [];
  const log = { ...bench.services.log, error: (message: string) => void unexpected.push(message) };
  const env = {
    services: { ...bench.services, log },
    starter,
    reconciler: starter,
    authenticate: asEverybody,
  };
  return {
    bench,
    unexpected,
    async send(
      { method, path }: Pick<Operation, 'method' | 'path'>,
      body: RequestBody,
      headers: Readonly<Record<string, string>> = json,
      { query = '', place = 'a'.repeat(32) } = {},
    ) {
      const url = `http://127.0.0.1/api${path.replaceAll(/\{\w+\}/g, place)}${query}`;
      const bare = method === 'get';
      const request = new Request(url, {
        method,
        headers: { ...headers, 'if-match': '"none"' },
        ...(bare ? {} : { body }),
        duplex: 'half',
      } as RequestInit);
      const answer = await api.fetch(request, env);
      const text = await answer.text();
      const isProblem = answer.headers.get('content-type') === 'application/problem+json';
      return {
        status: answer.status,
        problem: isProblem ? (JSON.parse(text) as Problem) : undefined,
      };
    },
  };
}

function isRefused(
  { status, problem }: { status: number; problem: Problem | undefined },
  expected: readonly number[],
  what: string,
): Problem {
  assert.ok(expected.includes(status), `${what}: ${status} ${JSON.stringify(problem)}`);
  assert.ok(problem, what);
  assert.equal(problem.status, status);
  assert.ok(problem.title.length > 0 && !problem.title.includes('\n'), what);
  return problem;
}

test('every operation refuses what is no JSON of its kind, and says so', async (t) => {
  const { send, unexpected } = await desk(t);
  assert.ok(taking.length > 20);
  for (const operation of taking) {
    const { id } = operation;
    isRefused(await send(operation, '{'), [400], `${id} not JSON`);
    isRefused(await send(operation, '{"a":1}}'), [400], `${id} more than JSON`);
    isRefused(await send(operation, 'a=1'), [400], `${id} a form`);
    isRefused(await send(operation, Buffer.from([0x22, 0xff, 0xfe, 0x22])), [400], `${id} not UTF-8`);
    const deep = isRefused(await send(operation, `${'['.repeat(5000)}${']'.repeat(5000)}`), [400], id);
    assert.match(deep.title, /nested/);
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/xml',
      'application/json; charset=utf-16',
      'application/json; charset=latin1',
    ])
      isRefused(await send(operation, '{}', { 'content-type': type }), [415], `${id} ${type}`);
    for (const wrong of ['[]', '"text"', '7', 'null', 'true'])
      isRefused(await send(operation, wrong), [400], `${id} ${wrong}`);
    const unknown = isRefused(await send(operation, '{"colour-of-it":"red"}'), [400], `${id} unknown field`);
    // Where the kind of a thing decides what it has, the kind is asked for first.
    const fields = unknown.errors?.map(({ field }) => field) ?? [];
    const isNamed = fields.includes('colour-of-it') || fields.includes('kind') || operation.describedBody;
    assert.ok(isNamed, `${id} ${JSON.stringify(unknown)}`);
  }
  assert.deepEqual(unexpected, []);
});

test('a body that is too large is refused whether or not it says how large it is', async (t) => {
  const { send } = await desk(t);
  for (const operation of taking) {
    const most = operation.mostBytes ?? 1024 * 1024;
    if (most > 4 * 1024 * 1024) continue;
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
      },
    });
    isRefused(await send(operation, endless), [413], operation.id);
    assert.ok(sent < most + 4 * 65_536, `${operation.id} stops to read`);
    const announced = { ...json, 'content-length': String(most + 1) };
    isRefused(await send(operation, '{}', announced), [413], operation.id);
  }
});

test('no operation takes a name of its query twice, or one that it does not know', async (t) => {
  const { send } = await desk(t);
  for (const operation of operations) {
    const twice = isRefused(
      await send(operation, '{}', json, { query: '?limit=1&limit=2' }),
      [400],
      operation.id,
    );
    assert.deepEqual(twice.errors?.[0]?.field, 'limit', operation.id);
    const unknown = isRefused(
      await send(operation, '{}', json, { query: '?colour=red' }),
      [400],
      operation.id,
    );
    assert.ok(
      unknown.errors?.some(({ field }) => field === 'colour'),
      `${operation.id} ${JSON.stringify(unknown)}`,
    );
  }
});

test('whatever JSON is sent to whatever operation, it is answered, and never with an error of our own', async (t) => {
  const { send, bench, unexpected } = await desk(t);
  const { sites, destinations, schedules } = bench.settings;
  const good: Record<string, unknown> = {
    startPull: {
      sites: ['site'],
      destinations: ['folder'],
      dataTypes: ['session-data'],
      sessions: [lsidOf(1)],
    },
    putSettings: bench.settings,
    putSite: sites[0],
    putDestination: destinations[0],
    putSchedule: schedules[0],
    importSettings: { format: 'integration-client-settings', formatVersion: 1, settings: bench.settings },
    testNotifications: { notifications: bench.settings.notifications },
  };
  const anything = fc.oneof(
    fc.json(),
    fc
      .dictionary(
        fc.constantFrom(
          '__proto__',
          'constructor',
          'toString',
          'id',
          'sites',
          'item',
          'limit',
          'value',
          'site',
        ),
        fc.jsonValue({ maxDepth: 2 }),
      )
      .map((object) => JSON.stringify(object)),
  );
  // What is right but for one place in it.
  const nearly = fc.tuple(fc.constantFrom(...Object.keys(good)), fc.nat(), fc.jsonValue({ maxDepth: 2 }));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...taking), anything, async (operation, body) => {
      const { status } = await send(operation, body);
      assert.ok(status < 500, `${operation.id} ${status}`);
    }),
    { numRuns: 500 },
  );
  await fc.assert(
    fc.asyncProperty(nearly, async ([id, at, value]) => {
      const operation = taking.find((one) => one.id === id) ?? assert.fail(id);
      const { status } = await send(operation, JSON.stringify(withOneChanged(good[id], at, value)), json, {
        place: 'site',
      });
      // A pull that happens to be right is made; a test message has nowhere to go.
      assert.ok(status < 500, `${id} ${status}`);
    }),
    { numRuns: 300 },
  );
  assert.deepEqual(unexpected, []);
});

/** The document with its nth part (as they are walked) replaced. */
function withOneChanged(document: unknown, at: number, value: unknown): unknown {
  const places: { holder: Record<string, unknown>; key: string }[] = [];
  const copy = structuredClone(document) as Record<string, unknown>;
  const walk = (holder: Record<string, unknown>): void => {
    for (const [key, part] of Object.entries(holder)) {
      places.push({ holder, key });
      if (typeof part === 'object' && part !== null) walk(part as Record<string, unknown>);
    }
  };
  walk(copy);
  const place = places[at % places.length];
  if (place) place.holder[place.key] = value;
  return copy;
}

test('over HTTP nothing of the kind brings the process down', async (t) => {
  const house = await startInstallation({ hoursBack: 1 });
  t.after(() => house.close());
  const send = (body: RequestBody, headers: Readonly<Record<string, string>> = json, path = '/pulls') =>
    fetch(`${house.stack.host.url}/api${path}`, {
      method: 'POST',
      headers: { ...apiHeaders, ...headers },
      body,
      duplex: 'half',
    } as RequestInit);
  assert.equal((await send('x'.repeat(2_000_000))).status, 413);
  const chunks = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let sent = 0; sent < 32; sent++) controller.enqueue(new Uint8Array(65_536).fill(0x20));
      controller.close();
    },
  });
  assert.equal((await send(chunks)).status, 413);
  assert.equal((await send('['.repeat(900_000))).status, 400);
  assert.equal((await send(`{"a":${'['.repeat(1000)}${']'.repeat(1000)}}`)).status, 400);
  assert.equal((await send(Buffer.from([0xff]))).status, 400);
  assert.equal((await send('{}', { 'content-type': 'text/xml' })).status, 415);
  assert.equal((await send('{}', json, '/pulls?a=1&a=2')).status, 400);
  assert.equal((await send('{"__proto__":{"sites":1}}')).status, 400);
  const wrong = await fetch(`${house.stack.host.url}/api/settings`, {
    method: 'PUT',
    headers: { ...apiHeaders, ...json, 'if-match': 'W/"%E0%A4%A"' },
    body: JSON.stringify(
      await (await fetch(`${house.stack.host.url}/api/settings`, { headers: apiHeaders })).json(),
    ),
  });
  assert.equal(wrong.status, 412);
  assert.deepEqual(await (await fetch(`${house.stack.host.url}/api/health`)).json(), { status: 'ok' });
});
