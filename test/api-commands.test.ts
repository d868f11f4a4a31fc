import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { askSite, siteNamed } from '../shared/api/at-site.ts';
import { openApiDocument } from '../shared/api/openapi.ts';
import { operations } from '../shared/api/operations.ts';
import { scriptActions } from '../shared/appliance/client-script/index.ts';
import { type CommandName, commands } from '../shared/appliance/command-api/index.ts';
import { holdSlot } from '../shared/transfer/slots.ts';
import { appliance, failsWith } from './appliance-client-support.ts';
import { type Desk, openDesk } from './support/desk.ts';

async function office(t: TestContext, product: 'RS' | 'PRA', site: object = {}) {
  const main = await appliance(t, { product, sessions: 60 });
  const running = [...main.truth.sessions()].find(({ state }) => state === 'running');
  assert.ok(running);
  const desk = await openDesk(t, main, { site });
  const send = (name: string, body?: unknown, role?: Parameters<Desk['call']>[3]) =>
    desk.call('POST', `/sites/main/commands/${name}`, body, role);
  return { main, desk, send, lsid: running.session.lsid };
}

test('every action is an operation of its own, with its own parameters and its role', () => {
  const document = openApiDocument(operations, { version: '1' }) as {
    paths: Record<string, { post: Record<string, unknown> }>;
  };
  for (const { name, access, parameters } of Object.values(commands)) {
    const { post } = document.paths[`/api/sites/{id}/commands/${name}`] ?? assert.fail(name);
    assert.equal(post['x-role'], access === 'read_only' ? 'Operator' : 'Administrator');
    const { requestBody, description } = post as {
      requestBody: { required: boolean; content: { 'application/json': { schema: object } } };
      description: string;
    };
    const { schema } = requestBody.content['application/json'];
    assert.ok('properties' in schema || 'oneOf' in schema, name);
    assert.match(description, /The API account needs/);
    assert.equal(requestBody.required, !parameters.safeParse({}).success, name);
  }
  const ids = operations.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.includes('commandGetSessionAttributes'));
  for (const name of Object.keys(scriptActions))
    assert.ok(document.paths[`/api/sites/{id}/client-script/${name}`], name);
  const shortcut = document.paths['/api/sites/{id}/commands/import_jump_shortcut']?.post.requestBody as {
    content: { 'application/json': { schema: { oneOf: { properties: { kind: { const: string } } }[] } } };
  };
  assert.equal(shortcut.content['application/json'].schema.oneOf.length, 7);
});

test('commands reach the appliance and their replies come back', async (t) => {
  const { main, send, lsid } = await office(t, 'RS');
  assert.match((await send('get_api_info')).body.apiVersion, /^\d+\.\d+\.\d+$/);
  assert.equal((await send('check_health', {})).status, 200);
  assert.ok((await send('get_logged_in_reps', {})).body.reps.length > 0);
  assert.equal((await send('get_connected_client_list', { type: ['representative'] })).status, 200);
  const key = await send('generate_session_key', { type: 'support', queue_id: 'general' });
  assert.ok(key.body.shortKey, JSON.stringify(key.body));
  const values = { external_key: 'CHG 1', custom_field1: 'ü&=' };
  assert.equal((await send('set_session_attributes', { lsid, custom: values })).status, 200);
  assert.deepEqual(Object.fromEntries(main.operations.attributes.get(lsid) ?? []), values);
  const read = await send('get_session_attributes', { lsid });
  assert.ok(read.body.attributes.some(({ value }: { value: string }) => value === 'CHG 1'));
  const shortcut = { kind: 'rdp', name: 'E', remote_rdp_hostname: 'h', group: 'g', jumpoint: 'j' };
  assert.equal((await send('import_jump_shortcut', shortcut)).status, 200);
  assert.equal(main.operations.jumpShortcuts.length, 1);
  assert.equal((await send('terminate_session', { lsid })).status, 200);
  assert.ok(main.operations.terminated.has(lsid));
});

test('every action is routed, to those who may and to nobody else', async (t) => {
  const { main, desk, send } = await office(t, 'RS');
  for (const { name, access } of Object.values(commands)) {
    for (const role of ['Reader', 'EvidenceViewer'] as const)
      assert.equal((await send(name, {}, role)).status, 403, name);
    if (access === 'full_access') assert.equal((await send(name, {}, 'Operator')).status, 403, name);
    // Past the guard: a field that no action has is refused by the schema of this one.
    const refused = await send(name, { canary: 1 }, access === 'read_only' ? 'Operator' : 'Administrator');
    assert.deepEqual([refused.status, refused.body.code], [400, 'bad-request'], name);
  }
  assert.equal((await send('make_coffee', {})).status, 404);
  assert.equal((await desk.call('POST', '/sites/nowhere/commands/get_api_info')).body.code, 'unknown-site');
  assert.equal(main.log.length, 0);
});

test('what breaks a limit is refused by its name, and nothing is sent', async (t) => {
  const { main, send, lsid } = await office(t, 'PRA');
  const shell = {
    kind: 'shell_jump',
    name: 'n',
    shelljump_hostname: 'h',
    protocol: 'ssh',
    group: 'g',
    jumpoint: 'j',
  };
  const refused: readonly (readonly [CommandName, object, string])[] = [
    ['import_jump_shortcut', { ...shell, port: 65_536 }, 'port'],
    ['import_jump_shortcut', { ...shell, name: 'n'.repeat(129) }, 'name'],
    ['import_jump_shortcut', { ...shell, kind: 'telepathy' }, 'kind'],
    ['set_session_attributes', { lsid, custom: { code: 'x'.repeat(1025) } }, 'custom.code'],
    ['set_session_attributes', { lsid: 'no id at all!' }, 'lsid'],
    ['terminate_session', {}, 'lsid'],
    ['set_failover_role', { role: 'primary', force: true }, 'force'],
  ];
  for (const [name, body, field] of refused) {
    const answer = await send(name, body);
    assert.deepEqual([answer.status, answer.body.errors?.[0]?.field], [400, field], name);
    assert.ok(!JSON.stringify(answer.body).includes('nnnn'), 'no value');
  }
  assert.equal(main.log.length, 0);
});

test('refusals of the appliance have codes of their own', async (t) => {
  const { send, main } = await office(t, 'PRA');
  const over = [...main.truth.sessions()].find(({ state }) => state !== 'running')?.session.lsid;
  const answers = {
    other: await send('get_appliances'),
    unknown: await send('get_session_attributes', { lsid: 'f'.repeat(32) }),
    over: await send('terminate_session', { lsid: over }),
  };
  assert.deepEqual(
    Object.fromEntries(
      Object.entries(answers).map(([name, { status, body }]) => [name, [status, body.code]]),
    ),
    {
      other: [409, 'not-of-this-product'],
      unknown: [404, 'unknown-session'],
      over: [409, 'session-not-active'],
    },
  );
});

test('a command of unknown outcome is not sent again, neither by itself nor by a client that repeats it', async (t) => {
  const { desk, main } = await office(t, 'PRA');
  const shortcut = { kind: 'local_jump', name: 'n', local_jump_hostname: 'h', group: 'g' };
  main.faults.add({ kind: 'server-error' }, { request: 'command:import_jump_shortcut' });
  const send = () =>
    desk.call('POST', '/sites/main/commands/import_jump_shortcut', shortcut, 'Administrator', {
      'Idempotency-Key': 'one-and-the-same',
    });
  for (const answer of [await send(), await send()]) {
    assert.deepEqual([answer.status, answer.body.code], [409, 'outcome-unknown']);
    assert.match(answer.body.title, /look before you send it again/);
  }
  assert.equal(main.log.filter(({ request }) => request === 'command:import_jump_shortcut').length, 1);
});

test('a command takes a slot of the site, and gives up waiting when transfers hold them all', async (t) => {
  const { desk, send, main } = await office(t, 'RS', { concurrency: 1 });
  const site = await siteNamed(desk.services, 'main');
  const slot = await holdSlot(desk.services, site, new AbortController().signal);
  await failsWith(
    askSite(desk.services, site, async () => assert.fail('sent all the same'), 20),
    'transient',
    'site-busy',
    /Nothing was sent/,
  );
  const asked = send('get_api_info');
  assert.equal(main.log.length, 0);
  await slot.release();
  assert.equal((await asked).status, 200);
  // One request an hour is allowed here: the second has to wait for longer than anybody would.
  const slow = { ...site, id: 'slow', requestsPerHour: 1 };
  assert.equal(await askSite(desk.services, slow, async () => 'asked'), 'asked');
  await failsWith(
    askSite(desk.services, slow, async () => assert.fail('sent'), 20),
    'transient',
    'site-busy',
  );
  // Nobody keeps a slot.
  for (const one of [site, slow])
    await (await holdSlot(desk.services, one, new AbortController().signal)).release();
});

test('values of commands are in no log line', async (t) => {
  const { desk, send, lsid } = await office(t, 'RS');
  await send('set_session_attributes', { lsid, custom: { external_key: 'CANARY-1' } });
  await send('send_chat_message', { lsid, body: 'CANARY-2' });
  await send('send_chat_message', { lsid: 'f'.repeat(32), body: 'CANARY-3' });
  const lines = JSON.stringify(desk.log.lines);
  assert.match(lines, /set_session_attributes/);
  assert.doesNotMatch(lines, /CANARY/);
});

test('scripts come as URL and file, and a password stands in the answer alone', async (t) => {
  const { desk } = await office(t, 'PRA', { product: 'PRA' });
  const script = (path: string, body: unknown, role: 'Reader' | 'Operator' = 'Operator') =>
    desk.call('POST', `/sites/main/client-script${path}`, body, role);
  const answer = await script('/start_shell_jump_session?siteName=acme&fileName=jump', {
    target: 'srv 1',
    protocol: 'ssh',
    port: 22,
    custom: { external_key: 'CHG 1' },
  });
  assert.equal(answer.status, 200);
  const command =
    'action=start_shell_jump_session&target=srv%201&protocol=ssh&port=22&session.custom.external_key=CHG%201';
  assert.ok(answer.body.url.endsWith(`/api/client_script?type=rep&operation=generate&${command}`));
  assert.equal(answer.body.fileName, 'jump.brcs-acme');
  assert.equal(answer.body.content, `BRCS1.0\naction=login\n${command}\naction=delete_script_file\n`);
  const login = { mechanism: 'username_password', username: 'u', password: 'CANARY & pass' };
  const secret = await script('/login', login);
  assert.match(secret.body.content, /password=CANARY%20%26%20pass/);
  assert.equal(secret.body.fileName, 'script.brcs-main');
  assert.equal(secret.headers.get('cache-control'), 'no-store');
  const refused = await script('/login', { username: 'u', password: 'CANARY & pass' });
  assert.deepEqual([refused.status, refused.body.errors[0].field], [400, 'mechanism']);
  const file = await script('', {
    commands: [
      { action: 'login', parameters: login },
      { action: 'push_and_start_local', parameters: { hostname: 'pc' } },
    ],
    addDelete: false,
  });
  assert.deepEqual(file.body.content.split('\n').length, 4);
  assert.equal((await script('/generate_session_key', {})).body.code, 'not-of-this-product');
  const eleven = Array.from({ length: 9 }, () => ({ action: 'login' }));
  assert.equal(
    (
      await script('', {
        commands: [...eleven, { action: 'push_and_start_local', parameters: { hostname: 'p' } }],
      })
    ).status,
    400,
  );
  assert.equal((await script('/login', {}, 'Reader')).status, 403);
  assert.doesNotMatch(JSON.stringify([desk.log.lines, refused.body]), /CANARY/);
  // Nothing of it is kept either; the settings are.
  assert.match(desk.stored(), /main\.example\.com/);
  assert.doesNotMatch(desk.stored(), /CANARY/);
});
