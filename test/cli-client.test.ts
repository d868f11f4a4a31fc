import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { commands } from '../infra/cli/commands.ts';
import { entraToken } from '../infra/cli/instance.ts';
import { Table } from '../infra/cli/table.ts';
import { announceAddress } from '../infra/local/api-address.ts';
import { operations } from '../shared/api/operations.ts';
import { cli, startCli } from './support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'cli-client-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

/** An instance that answers as it is told, one answer after the other; the last one again and again. */
async function instance(...answers: ((response: ServerResponse, request: Seen) => void)[]) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    const one = { method, url, headers };
    seen.push(one);
    request.resume();
    answers[Math.min(seen.length, answers.length) - 1]?.(response, one);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url, seen, [Symbol.dispose]: close };
}

const token = { environment: { INTEGRATION_CLIENT_TOKEN: 'a-token-of-the-test' } };

function json(status: number, body: unknown, headers: Record<string, string> = {}) {
  return (response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

/** With reasons: what no command reaches. */
const unreached: Readonly<Record<string, string>> = {
  getOpenApi: 'for programs that make clients; api GET /openapi.json prints it',
  getDocs: 'a page for a browser',
};

test('every operation of the API is reached by a command', () => {
  const reached = new Set(commands.flatMap(({ operations: ids = [] }) => ids));
  const ids = new Set(operations.map(({ id }) => id));
  assert.deepEqual(
    [...ids].filter((id) => !reached.has(id) && !Object.hasOwn(unreached, id)),
    [],
  );
  assert.deepEqual(
    [...reached, ...Object.keys(unreached)].filter((id) => !ids.has(id)),
    [],
  );
});

test('help lists all commands, and each has help of its own', async () => {
  const { code, out } = await cli(['--help']);
  assert.equal(code, 0);
  for (const { name } of commands) {
    assert.match(out, new RegExp(`^  ${name} `, 'm'));
    const help = await cli([name, '--help']);
    assert.equal(help.code, 0);
    assert.match(help.out, new RegExp(`npm run cli -- ${name}`));
  }
});

test('help of a list says what its operation takes', async () => {
  const { out } = await cli(['audit', 'list', '--help']);
  assert.match(out, /--who TEXT\s+Id of a principal, or a part of the name\./);
  assert.match(out, /Role: Administrator\./);
  assert.doesNotMatch(out, /--next/);
});

test('what was refused for now is asked for again, under the same idempotency key', async () => {
  const busy = json(429, { title: 'busy', code: 'busy' }, { 'retry-after': '0' });
  using host = await instance(busy, busy, json(200, { results: [] }));
  const { code } = await cli(['notifications', 'test', '--url', host.url], token);
  assert.equal(code, 0);
  const keys = new Set(host.seen.map(({ headers }) => headers['idempotency-key']));
  assert.equal(host.seen.length, 3);
  assert.equal(keys.size, 1);
  assert.match([...keys][0] as string, /^[0-9a-f-]{36}$/);
  assert.equal(host.seen[0]?.headers.authorization, 'Bearer a-token-of-the-test');
});

test('an error is one line with its fields, and no token', async () => {
  const problem = {
    title: 'Body: is not right.',
    code: 'bad-request',
    errors: [{ field: 'channel', message: 'is a\nnew thing' }],
  };
  const cases: [ReturnType<typeof json>, number, RegExp][] = [
    [json(400, problem), 2, /^Body: is not right\.; channel: is a new thing\n$/],
    [
      json(401, { title: 'This is not a token.', code: 'unauthenticated' }),
      2,
      /not a token\..*issued for this instance/,
    ],
    [
      json(403, { title: 'This asks for the role Administrator, which R does not have.', code: 'forbidden' }),
      2,
      /role Administrator/,
    ],
    [json(409, { title: 'A run goes on.', code: 'run-going' }), 1, /^A run goes on\.\n$/],
    [json(502, { title: 'The server did not answer.', code: 'unreachable' }), 1, /did not answer/],
    [json(302, {}, { location: 'https://login.example.com/?x=1' }), 1, /^http:\S+ answered with a redirect/],
    [json(500, 'gone'), 1, /answered 500: Internal Server Error/],
  ];
  for (const [answer, code, line] of cases) {
    using host = await instance(answer);
    const ended = await cli(['notifications', 'test', '--url', host.url], token);
    assert.equal(ended.code, code, ended.said);
    assert.match(ended.said, line);
    assert.equal(ended.said.trimEnd().split('\n').length, 1);
    assert.doesNotMatch(ended.said + ended.out, /a-token-of-the-test/);
    assert.equal(host.seen.length, 1);
  }
});

test('bad input is one line that says where, and nothing is sent', async () => {
  using host = await instance(json(200, {}));
  const { url } = host;
  const empty = join(folder, 'empty');
  writeFileSync(empty, 'no JSON');
  const cases: [string[], RegExp][] = [
    [['nothing'], /There is no command "nothing"/],
    [['runs'], /^runs: give one of list, show/],
    [['runs', 'drop'], /^runs: give one of/],
    [['runs', 'show', '--url', url], /Give ID/],
    [['runs', 'show', 'a', 'b', '--url', url], /"b" is one word too many/],
    [['runs', 'list', '--nope', '--url', url], /Unknown option '--nope'/],
    [['runs', 'list', '--status'], /--status/],
    [['runs', 'list', '--kind', 'other', '--url', url], /--kind other: give one of schedule, pull/],
    [['runs', 'list', '--limit', '0', '--url', url], /--limit 0: give a whole number/],
    [['runs', 'list', '--limit', '3', '--all', '--url', url], /not both/],
    [['reconcile', '--days', 'many', '--url', url], /--days many: give a number/],
    [['pull', '--url', url], /--sites: is missing/],
    [
      ['pull', '--sites', 'a', '--destinations', 'b', '--data-types', 'c', '--url', url],
      /--data-types c: give one of session-data/,
    ],
    [['settings', 'import', join(folder, 'none.json'), '--url', url], /no such file/],
    [['settings', 'import', empty, '--url', url], /not JSON/],
    [['api', 'FETCH', '/runs', '--url', url], /give GET, POST/],
    [['api', 'GET', 'runs', '--url', url], /begins with \//],
    [['api', 'GET', '/../secret', '--url', url], /below \/api/],
    [['runs', 'list', '--url', 'http://example.com'], /use https/],
    [['runs', 'list', '--url', 'https://user:pass@example.com'], /without a user/],
    [['runs', 'list', '--url', 'example.com'], /give an address like/],
    [['runs', 'list', '--url', url, '--data', folder], /--url or --data/],
    [
      ['runs', 'list', '--url', url, '--token-file', join(folder, 'none')],
      /token cannot be read.*no such file/,
    ],
    [['runs', 'list', '--data', folder], /No instance runs with the folder .*npm start/],
    [['import', '--url', url], /Give FILE/],
    [['import', 'x.xml', '--url', url], /--destinations: is missing/],
  ];
  for (const [args, line] of cases) {
    const ended = await cli(args, token);
    assert.equal(ended.code, 2, args.join(' '));
    assert.match(ended.said, line, args.join(' '));
    assert.equal(ended.said.trimEnd().split('\n').length, 1, ended.said);
    assert.equal(ended.out, '');
  }
  assert.equal(host.seen.length, 0);
});

test('an instance elsewhere needs a token, and one that is gone is said to be', async () => {
  const nobody = await cli(['runs', 'list', '--url', 'https://localhost:1']);
  assert.match(nobody.said, /Give a token .* or --app-id/);
  using host = await instance(json(200, {}));
  const { url } = host;
  host[Symbol.dispose]();
  const gone = await cli(['runs', 'list', '--url', url], token);
  assert.equal(gone.code, 2);
  assert.match(gone.said, /cannot be reached: nothing listens there\.\n$/);
});

test('whoever is signed in gets a token for the application, or one line that says what to do', async () => {
  const scopes: unknown[] = [];
  const token = entraToken('the-app', async () => ({
    async getToken(scope) {
      scopes.push(scope);
      return { token: 'of-entra', expiresOnTimestamp: Number.MAX_SAFE_INTEGER };
    },
  }));
  assert.deepEqual([await token(), await token()], ['of-entra', 'of-entra']);
  assert.deepEqual(scopes, ['api://the-app/.default', 'api://the-app/.default']);
  const nobody = entraToken('the-app', async () => ({
    getToken: () => Promise.reject(new Error('Nobody is signed in.\n  at another line')),
  }));
  await assert.rejects(nobody, {
    message: 'No token for api://the-app. Nobody is signed in. Sign in with az login or azd auth login.',
    exitCode: 2,
  });
  const odd = await cli(['runs', 'list', '--url', 'https://localhost:1', '--app-id', 'a/b']);
  assert.match(odd.said, /--app-id a\/b: give the client id/);
});

test('a token goes to an announced instance as long as its process lives, and to no other', async () => {
  using host = await instance(json(200, { runs: [] }));
  writeFileSync(join(folder, 'api-token'), 'local-token\n', { mode: 0o600 });
  {
    using _announced = announceAddress(folder, host.url);
    assert.equal((await cli(['runs', 'list', '--data', folder])).code, 0);
    assert.equal(host.seen[0]?.headers.authorization, 'Bearer local-token');
  }
  // Left over by one that was killed: no process has this number.
  writeFileSync(join(folder, 'api-address'), `${host.url} 4194305\n`);
  assert.match((await cli(['runs', 'list', '--data', folder])).said, /No instance runs/);
  assert.equal(host.seen.length, 1);
});

test('a list reads its pages one by one, as many as are wanted, and says that there are more', async () => {
  const page = (response: ServerResponse, { url }: Seen) => {
    const query = new URL(url, 'http://x').searchParams;
    const from = Number(query.get('next') ?? 0);
    // A page may be empty with others behind it.
    const count = from === 2 ? 0 : Math.min(2, Number(query.get('limit')));
    const runs = Array.from({ length: count }, (_, at) => ({ id: `run-${from + at}`, status: 'succeeded' }));
    json(200, { runs, ...(from < 6 ? { next: String(from + 2) } : {}) })(response);
  };
  using host = await instance(page);
  const all = await cli(['runs', 'list', '--all', '--json', '--url', host.url], token);
  const ids = all.out
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { id: string }).id);
  assert.deepEqual(ids, ['run-0', 'run-1', 'run-4', 'run-5', 'run-6', 'run-7']);
  assert.equal(all.said, '');
  const some = await cli(['runs', 'list', '--limit', '3', '--url', host.url], token);
  assert.match(some.out, /^ID +KIND +STATUS/);
  assert.equal(some.out.trimEnd().split('\n').length, 4);
  assert.match(some.said, /^3 are shown and there may be more/);
});

test('ledger retry goes on until everything was tried, and ends with 1 where something cannot be', async () => {
  const place = { site: 's', stream: 'backup', item: 'i', destination: 'd' };
  const refused = [{ ...place, reason: 'nobody' }];
  using host = await instance(
    json(202, { retried: 500, transfers: [{ ...place, items: 500, by: 'run' }], refused: [], next: 'there' }),
    json(202, { retried: 3, transfers: [{ ...place, items: 3, by: 'run' }], refused }),
  );
  const { code, out, said } = await cli(['ledger', 'retry', '--start', '--url', host.url], token);
  assert.deepEqual([code, said], [1, '503 are tried again, 1 cannot be.\n']);
  assert.match(out, /nobody/);
  const [first, second] = host.seen.map(({ headers }) => headers['idempotency-key']);
  assert.notEqual(first, second);
});

test('what was cut off is asked for again, where it may be done twice', async () => {
  using host = await instance(
    (response) => response.destroy(),
    (response) => response.destroy(),
    json(200, { runs: [] }),
  );
  assert.equal((await cli(['runs', 'list', '--url', host.url], token)).code, 0);
  assert.equal(host.seen.length, 3);
  using other = await instance((response) => response.destroy());
  const once = await cli(['appliance', 'logout_rep', 'support', '--body', '-', '--url', other.url], {
    ...token,
    input: async () => new TextEncoder().encode('{}'),
  });
  assert.deepEqual([once.code, other.seen.length], [2, 1]);
  assert.match(once.said, /the connection was cut/);
});

test('a large file comes in parts, after a cut from where it was, and is held against its hash', async () => {
  const content = Buffer.alloc(33 * 1024 * 1024, 'some bytes of a recording ');
  const sha256 = createHash('sha256').update(content).digest('hex');
  let cutting = true;
  const serve = (response: ServerResponse, { url, headers }: Seen) => {
    if (!url.endsWith('/content')) {
      const file = { destination: 'd', site: 's', host: 'h', stream: 'backup', state: 'stored' };
      json(200, { ...file, name: '../up/a:b.nsb', size: content.length, sha256 })(response);
      return;
    }
    const [, from = '', to = ''] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    assert.equal(headers['if-range'], `"${sha256}"`);
    const part = content.subarray(Number(from), Number(to) + 1);
    assert.ok(part.length <= 16 * 1024 * 1024);
    response.writeHead(206, {
      'content-range': `bytes ${from}-${to}/${content.length}`,
      'content-length': part.length,
    });
    if (cutting && Number(from) > 0) {
      response.write(part.subarray(0, 1000), () => response.destroy());
      cutting = false;
    } else response.end(part);
  };
  using host = await instance(serve);
  const args = ['catalog', 'download', 'the-id', '--out', folder, '--json', '--url', host.url];
  const cut = await cli(args, token);
  assert.equal(cut.code, 2);
  assert.match(cut.said, /the same command goes on/);
  const { code, out } = await cli(args, token);
  assert.equal(code, 0);
  const { path } = JSON.parse(out) as { path: string };
  // The name that it has elsewhere leads nowhere else.
  assert.equal(dirname(path), folder);
  assert.ok(readFileSync(path).equals(content));
  const ranges = host.seen.flatMap(({ headers }) => headers.range ?? []);
  assert.deepEqual(
    ranges.map((range) => Number(/\d+/.exec(range)?.[0]) / 1024 / 1024),
    [0, 16, 16, 32],
  );
});

test('an answer in a form that is not known is one line', async () => {
  using host = await instance(json(200, { id: 'a', status: 'dreaming', transfers: [] }));
  const { code, said } = await cli(['runs', 'show', 'a', '--url', host.url], token);
  assert.equal(code, 2);
  assert.match(said, /^What came is not what this command line knows .*another version\?\n$/);
});

test('a table fits the terminal, and what others have named cannot move its cursor', () => {
  const rows = [
    { id: 'a', text: 'x'.repeat(100), more: '\u001b[2J' },
    { id: 'b', text: 'short' },
  ];
  const narrow = new Table(['id', 'text', 'more'], 40).text(rows).trimEnd().split('\n');
  for (const line of narrow) assert.ok(line.length <= 40, line);
  assert.match(narrow[1] ?? '', /x…/);
  assert.equal(narrow.join().includes('\u001b'), false);
  assert.match(new Table(['text'], undefined).text(rows), /x{100}/);
});

test('whoever reads no more ends a list quietly', async () => {
  const runs = Array.from({ length: 200 }, (_, at) => ({ id: `run-${at}`, filler: 'x'.repeat(500) }));
  let pages = 0;
  using host = await instance((response) => json(200, { runs, next: String(++pages) })(response));
  const { child, ended } = startCli(
    ['runs', 'list', '--all', '--json', '--url', host.url],
    token.environment,
  );
  child.stdout.once('data', () => child.stdout.destroy());
  const { code, said } = await ended();
  assert.equal(code, 0);
  assert.equal(said, '');
});
