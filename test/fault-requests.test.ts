import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { apiHeaders, type Installation, startInstallation } from './support/installation.ts';

let installation: Installation;
before(async () => {
  installation = await startInstallation({ hoursBack: 1 });
});
after(() => installation.close());

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly etag: string | undefined;
}

/** Plain HTTP, so that every header is as the test says. */
function ask(
  method: string,
  path: string,
  body?: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const url = new URL(`${installation.stack.host.url}/api${path}`);
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method, headers: { ...apiHeaders, 'content-type': 'application/json', ...headers } },
      (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('end', () =>
          resolve({
            status: reply.statusCode ?? 0,
            type: reply.headers['content-type'] ?? '',
            text: Buffer.concat(chunks).toString(),
            etag: reply.headers.etag,
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** One line that says what and where; nothing of how it came about. */
function isProblem({ status, type, text }: Answer, expected: number, says: RegExp): void {
  assert.equal(status, expected, text);
  assert.equal(type, 'application/problem+json');
  const problem = JSON.parse(text) as { status: number; code: string; title: string };
  assert.equal(problem.status, expected);
  assert.match(problem.code, /^[a-z-]+$/);
  assert.match(problem.title, says);
  assert.ok(!problem.title.includes('\n') && !/\bat \S+:\d+/.test(text) && problem.title.length < 500, text);
}

const everything = { sites: ['support'], destinations: ['folder'], dataTypes: ['session-data'] };
const lately = { from: '2026-01-01T00:00:00Z' };

test('settings: what is wrong is refused with its place, what is stale or blind is not saved', async () => {
  const { text, etag } = await ask('GET', '/settings');
  assert.ok(etag);
  const good = JSON.parse(text);
  const put = (settings: unknown, headers: Record<string, string> = { 'if-match': etag }) =>
    ask('PUT', '/settings', typeof settings === 'string' ? settings : JSON.stringify(settings), headers);
  const spoiled = (path: readonly (string | number)[], value: unknown) => {
    const draft = structuredClone(good);
    const [last = '', ...inner] = path.toReversed();
    const holder = inner.toReversed().reduce((part, key) => part[key], draft);
    holder[last] = value;
    return draft;
  };
  isProblem(await put('{"sites": ['), 400, /not JSON/);
  isProblem(await put([]), 400, /document: /);
  isProblem(
    await put(spoiled(['sites', 0, 'host'], 'https://support.example.com')),
    400,
    /sites\[0\]\.host: .*without https/,
  );
  isProblem(
    await put(spoiled(['schedules', 0, 'transfers', 0, 'site'], 'nowhere')),
    400,
    /schedules\[0\]\.transfers\[0\]\.site: there is no site "nowhere"/,
  );
  isProblem(
    await put(spoiled(['schedules', 0, 'transfers', 0, 'destination'], 'nowhere')),
    400,
    /no destination "nowhere"/,
  );
  isProblem(
    await put(spoiled(['destinations', 0, 'plugin'], 'tape')),
    400,
    /destinations\[0\]\.plugin: .*"tape"/,
  );
  isProblem(
    await put(spoiled(['destinations', 0, 'settings', 'directory'], '')),
    400,
    /destinations\[0\]\.settings\.directory: /,
  );
  isProblem(await put(spoiled(['sites', 1], good.sites[0])), 400, /used twice/);
  isProblem(await put(spoiled(['colour'], 'blue')), 400, /colour/);
  isProblem(await put(good, {}), 428, /If-Match/);
  isProblem(await put(good, { 'if-none-match': '*' }), 412, /changed|there are/);
  isProblem(await put(good, { 'if-match': '"stale"' }), 412, /changed by somebody else/);
  assert.equal((await ask('GET', '/settings')).text, text, 'nothing was saved');
  const unchanged = await put(good);
  assert.deepEqual([unchanged.status, unchanged.etag], [200, etag], 'no change is no new version');
  const changed = spoiled(['sites', 0, 'name'], 'Renamed');
  assert.equal((await put(changed)).status, 200);
  isProblem(await put(changed), 412, /changed by somebody else/);
});

test('pulls: unknown sites, destinations and data types, bad JSON and senseless selections', async () => {
  const pull = (body: unknown) =>
    ask('POST', '/pulls', typeof body === 'string' ? body : JSON.stringify(body));
  isProblem(await pull({ ...everything, ...lately, sites: ['nowhere'] }), 404, /no site "nowhere"/);
  isProblem(
    await pull({ ...everything, ...lately, destinations: ['nowhere'] }),
    404,
    /no destination "nowhere"/,
  );
  isProblem(await pull({ ...everything, ...lately, dataTypes: ['films'] }), 400, /dataTypes/);
  isProblem(
    await pull({ ...everything, ...lately, dataTypes: ['backup'], destinations: ['database'] }),
    400,
    /Site Backups/,
  );
  isProblem(await pull('{'), 400, /not JSON/);
  isProblem(await pull(''), 400, /not JSON/);
  isProblem(await pull(everything), 400, /from/);
  isProblem(await pull({ ...everything, ...lately, sessions: ['a'.repeat(32)] }), 400, /not both/);
  isProblem(await pull({ ...everything, sessions: ['xyz'] }), 400, /32 hexadecimal/);
  isProblem(await pull({ ...everything, from: 'yesterday' }), 400, /from/);
  isProblem(
    await pull({ ...everything, from: '2026-02-01T00:00:00Z', to: '2026-01-01T00:00:00Z' }),
    400,
    /before/,
  );
});

test('what is not there: runs, pulls, paths and methods', async () => {
  isProblem(await ask('GET', '/runs/none'), 404, /"none"/);
  isProblem(await ask('GET', '/runs/%2e%2e%2fetc'), 404, /no run|nothing at this address/);
  isProblem(await ask('GET', '/pulls/none'), 404, /"none"/);
  isProblem(await ask('POST', '/pulls/none/cancel'), 404, /"none"/);
  isProblem(await ask('GET', '/nowhere'), 404, /nothing at this address/);
  isProblem(await ask('DELETE', '/settings'), 405, /GET, PUT/);
  isProblem(await ask('GET', '/runs?limit=0'), 400, /limit/);
});

test('a request that names another host is refused: no web page may reach this machine by its own name', async () => {
  const { status, text } = await ask('GET', '/settings', undefined, { host: 'attacker.example' });
  assert.equal(status, 403);
  assert.equal(text, 'This host answers to localhost only.\n');
});

test('a store that breaks is said without a word of how, and the log has it', async () => {
  const { state } = installation.services;
  const get = state.get.bind(state);
  state.get = () => Promise.reject(new Error('SQLITE_MISUSE: secret internals'));
  const answer = await ask('GET', '/settings');
  state.get = get;
  isProblem(answer, 500, /unexpected error; the log/);
  assert.ok(!answer.text.includes('internals'));
  assert.ok(
    installation.log.lines.some(
      ({ level, fields }) => level === 'error' && String(fields.stack).includes('internals'),
    ),
  );
  assert.equal((await ask('GET', '/settings')).status, 200);
});
