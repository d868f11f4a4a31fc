import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fillSettings } from '../infra/scripts/apply-settings.ts';
import { type Azure, azureRest } from '../infra/scripts/azure-rest.ts';
import { ensureDatabaseUser } from '../infra/scripts/database-user.ts';
import { ensureEntraApplication } from '../infra/scripts/entra-application.ts';
import { entraRoles } from '../infra/scripts/entra-roles.ts';
import { lockImmutability } from '../infra/scripts/lock-immutability.ts';
import { parseSettings } from '../shared/settings/settings-store.ts';

const noWait = async () => {};

/** A small part of Microsoft Graph, with what it remembers. */
class Graph {
  application: Record<string, unknown> | undefined;
  principal: Record<string, unknown> | undefined;
  readonly assignments: Record<string, unknown>[] = [];
  readonly log: string[] = [];
  /** The next calls that find what was just made not there yet. */
  late = 0;

  readonly azure: Azure = {
    token: async () => 'token',
    call: async (method, path, body = {}, accept = []) => {
      const { pathname } = new URL(path);
      this.log.push(`${method} ${pathname}`);
      const reply = this.#answer(
        method,
        decodeURIComponent(pathname).replace('/v1.0', ''),
        body as Record<string, unknown>,
      );
      if (reply.status >= 300 && !accept.includes(reply.status)) throw new Error(`HTTP ${reply.status}`);
      return reply;
    },
  };

  #answer(method: string, path: string, body: Record<string, unknown>): { status: number; body: unknown } {
    const there = (what: unknown) => (what ? { status: 200, body: what } : { status: 404, body: {} });
    const key = `${method} ${path}`;
    if (key.startsWith('GET /applications(')) return there(this.application);
    if (key === 'POST /applications') {
      this.application = { ...body, id: 'object', appId: 'client' };
      return { status: 201, body: this.application };
    }
    if (method === 'PATCH' && this.late > 0) {
      this.late--;
      return { status: 404, body: {} };
    }
    if (key === 'PATCH /applications/object') {
      Object.assign(this.application ?? {}, body);
      return { status: 204, body: {} };
    }
    if (key.startsWith('GET /servicePrincipals(')) return there(this.principal);
    if (key === 'POST /servicePrincipals') {
      this.principal = { ...body, id: 'principal' };
      return { status: 201, body: this.principal };
    }
    if (key === 'PATCH /servicePrincipals/principal') {
      Object.assign(this.principal ?? {}, body);
      return { status: 204, body: {} };
    }
    if (key === 'GET /servicePrincipals/principal/appRoleAssignedTo')
      return { status: 200, body: { value: this.assignments } };
    if (key === 'POST /servicePrincipals/principal/appRoleAssignedTo') {
      this.assignments.push(body);
      return { status: 201, body };
    }
    throw new Error(`not foreseen: ${key}`);
  }
}

test('the Entra application is made once with its four roles, and made again nothing changes', async () => {
  const graph = new Graph();
  graph.late = 2;
  const first = await ensureEntraApplication(graph.azure, 'prod', 'person', noWait);
  assert.deepEqual(first, { appId: 'client', made: true });
  const after = structuredClone([graph.application, graph.principal, graph.assignments]);
  const roles = graph.application?.appRoles as { value: string; isEnabled: boolean }[];
  assert.deepEqual(
    roles.map(({ value, isEnabled }) => [value, isEnabled]),
    [
      ['Reader', true],
      ['EvidenceViewer', true],
      ['Operator', true],
      ['Administrator', true],
    ],
  );
  assert.equal(new Set(entraRoles.map(({ id }) => id)).size, 4);
  assert.deepEqual(graph.application?.identifierUris, ['api://client']);
  assert.equal(graph.principal?.appRoleAssignmentRequired, true, 'no role, no token');
  assert.equal(graph.assignments.length, 1);

  const again = await ensureEntraApplication(graph.azure, 'prod', 'person', noWait);
  assert.deepEqual(again, { appId: 'client', made: false });
  assert.deepEqual([graph.application, graph.principal, graph.assignments], after);
  assert.equal(graph.log.filter((line) => line.startsWith('POST')).length, 3, graph.log.join());
});

test('what somebody added to the Entra application stays', async () => {
  const graph = new Graph();
  await ensureEntraApplication(graph.azure, 'prod', undefined, noWait);
  const application = graph.application as {
    appRoles: object[];
    api: { preAuthorizedApplications: object[]; oauth2PermissionScopes: object[] };
  };
  const own = { id: 'own', value: 'Auditor' };
  application.appRoles.push(own);
  application.api.preAuthorizedApplications.push({ appId: 'console' });
  application.api.oauth2PermissionScopes.push({ id: 'scope' });
  await ensureEntraApplication(graph.azure, 'prod', undefined, noWait);
  const { appRoles, api } = graph.application as typeof application;
  assert.equal(appRoles.length, 5);
  assert.ok(appRoles.some((role) => JSON.stringify(role) === JSON.stringify(own)));
  assert.equal(api.preAuthorizedApplications.length, 2);
  assert.equal(api.oauth2PermissionScopes.length, 2);
  assert.equal(graph.assignments.length, 0);
});

const user = { serverId: '/server', name: "id-o'neil]", clientId: 'client', mayMakeTables: true };

function sqlServer(answers: (Error | undefined)[]) {
  const calls: string[] = [];
  const statements: { text: string; values: object }[] = [];
  const azure: Azure = {
    token: async () => 'token',
    call: async (method, path, body) => {
      calls.push(
        `${method} ${path.split('?', 1)[0]} ${body === undefined ? '' : JSON.stringify(body)}`.trim(),
      );
      return { status: 200, body: {} };
    },
  };
  const run = async (text: string, values: object) => {
    statements.push({ text, values });
    calls.push('sql');
    const answer = answers.shift();
    if (answer) throw answer;
  };
  return { azure, run, calls, statements };
}

const error = (number: number, message = 'no') => Object.assign(new Error(message), { number });
const open = 'PATCH /server {"properties":{"publicNetworkAccess":"Enabled"}}';
const close = 'PATCH /server {"properties":{"publicNetworkAccess":"Disabled"}}';
const rule =
  'PUT /server/firewallRules/post-provision {"properties":{"startIpAddress":"203.0.113.7","endIpAddress":"203.0.113.7"}}';
const noRule = 'DELETE /server/firewallRules/post-provision';
const notAllowed = () =>
  error(
    40615,
    "Cannot open server 'x' requested by the login. Client with IP address '203.0.113.7' is not allowed to access the server.",
  );

test('the database user is made while the server is open, which is closed again after it', async () => {
  const { azure, run, calls, statements } = sqlServer([error(47073), notAllowed(), error(40613), undefined]);
  await ensureDatabaseUser(azure, run, { ...user, isPrivate: true }, noWait);
  assert.deepEqual(calls, [open, 'sql', 'sql', rule, 'sql', 'sql', noRule, close]);
  const [{ text, values } = { text: '', values: {} }] = statements;
  assert.deepEqual(values, { name: user.name, clientId: 'client', mayMakeTables: 1 });
  assert.doesNotMatch(text, /neil|client'/, 'no statement is built from a value');
  assert.match(text, /QUOTENAME\(@name\)/);
});

test('a server that stays public keeps no rule for this machine', async () => {
  const { azure, run, calls } = sqlServer([notAllowed(), undefined]);
  await ensureDatabaseUser(azure, run, { ...user, isPrivate: false, mayMakeTables: false }, noWait);
  assert.deepEqual(calls, ['sql', rule, 'sql', noRule]);
});

test('the server is closed again when the user cannot be made', async () => {
  for (const refusal of [error(18456, 'Login failed'), error(40613), new Error('odd')]) {
    const { azure, run, calls } = sqlServer(Array<Error>(30).fill(refusal));
    await assert.rejects(ensureDatabaseUser(azure, run, { ...user, isPrivate: true }, noWait), refusal);
    assert.deepEqual(calls.slice(-2), [noRule, close]);
    assert.equal(calls.filter((call) => call === 'sql').length, refusal.message === 'no' ? 20 : 1);
  }
});

test('immutability is locked with the ETag that was read, and only where it is not', async () => {
  const calls: string[] = [];
  const azure: Azure = {
    token: async () => 'token',
    call: async (method, path, _body, _accept, headers) => {
      calls.push(
        `${method} ${path.replace(/\?.*/, '').replace('/account/blobServices/default/', '')} ${headers?.['if-match'] ?? ''}`.trim(),
      );
      const state = path.includes('old') ? 'Locked' : 'Unlocked';
      return { status: 200, body: path.includes('bare') ? {} : { etag: '"7"', properties: { state } } };
    },
  };
  assert.deepEqual(await lockImmutability(azure, '/account', ['old', 'new']), ['new']);
  assert.deepEqual(calls, [
    'GET containers/old/immutabilityPolicies/default',
    'GET containers/new/immutabilityPolicies/default',
    'POST containers/new/immutabilityPolicies/default/lock "7"',
  ]);
  await assert.rejects(lockImmutability(azure, '/account', ['bare']), /bare has no immutability policy/);
});

test('calls to Azure wait for what takes time, and say in one line what was refused', async () => {
  const asked: string[] = [];
  const replies: (() => Response)[] = [
    () =>
      new Response(null, {
        status: 202,
        headers: { 'azure-asyncoperation': 'https://management.azure.com/operations/1', 'retry-after': '3' },
      }),
    () => Response.json({ status: 'InProgress' }),
    () => Response.json({ status: 'Succeeded' }),
    () => Response.json({ error: { code: 'AuthorizationFailed', message: 'No.\nMore.' } }, { status: 403 }),
    () => new Response('<html>', { status: 502 }),
    () => new Response(null, { status: 404 }),
  ];
  const waits: number[] = [];
  const azure = azureRest(
    async (scope) => ({ token: `token for ${scope}`, expiresOnTimestamp: 0 }),
    (async (url: string, { method, headers }: { method: string; headers: Record<string, string> }) => {
      asked.push(`${method} ${url} ${headers.authorization}`);
      return replies.shift()?.() ?? new Response(null, { status: 500 });
    }) as typeof fetch,
    async (ms) => waits.push(ms),
  );
  await azure.call('PATCH', '/server?x=1', { a: 1 });
  assert.deepEqual(
    asked.map((line) => line.split(' ').slice(0, 2).join(' ')),
    [
      'PATCH https://management.azure.com/server?x=1',
      'GET https://management.azure.com/operations/1',
      'GET https://management.azure.com/operations/1',
    ],
  );
  assert.match(asked[0] ?? '', /Bearer token for https:\/\/management\.azure\.com\/\.default$/);
  assert.deepEqual(waits, [3000, 3000]);
  await assert.rejects(azure.call('GET', '/server?sig=hidden'), {
    message: 'GET /server: HTTP 403: AuthorizationFailed: No.',
  });
  await assert.rejects(azure.call('GET', '/server'), {
    message: 'GET /server: HTTP 502: no code: no message',
  });
  assert.equal((await azure.call('GET', '/server', undefined, [404])).status, 404);
});

test('the sample settings, filled with the outputs of the template, are settings', () => {
  const sample = readFileSync(
    fileURLToPath(new URL('../infra/settings.sample.json', import.meta.url)),
    'utf8',
  );
  const outputs = {
    DATA_BLOB_URL: 'https://stdata.blob.core.windows.net/',
    SQL_SERVER_HOST: 'sql-1.database.windows.net',
    SQL_DATABASE: 'sessions',
  };
  const settings = parseSettings(fillSettings(sample, outputs));
  assert.equal(settings.destinations.length, 2);
  assert.match(JSON.stringify(settings), /Server=tcp:sql-1\.database\.windows\.net,1433;Database=sessions/);
  assert.throws(() => fillSettings(sample, {}), /DATA_BLOB_URL/);
  assert.throws(() => fillSettings(`"\${PATH}"`, { PATH: '/bin' }), /\$\{PATH\}, which has no value/);
  assert.throws(() => fillSettings('{', {}), /^Error: The settings are not JSON: [^\n]*$/);
  assert.equal(fillSettings(`"\${SQL_DATABASE}"`, { SQL_DATABASE: 'a"b\\' }), 'a"b\\');
});
