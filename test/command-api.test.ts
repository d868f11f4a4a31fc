import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CommandName, type CommandReply, commands } from '../shared/appliance/command-api/index.ts';
import { parseSmallXml } from '../shared/appliance/small-xml.ts';
import type { Failure } from '../shared/errors.ts';
import type { Log, LogFields } from '../shared/log.ts';
import { failsWith } from './appliance-client-support.ts';
import { bench, clientOf, example, raw } from './command-api-support.ts';

const shortcut = { kind: 'local_jump', name: 'n', local_jump_hostname: 'h', group: 'g' } as const;

test('the appliance tells version, clock, permissions, health and cluster', async (t) => {
  const { site, client } = await bench(t, 'RS');
  const info = await client.commands.run('get_api_info', {});
  assert.equal(info.apiVersion, '1.24.1');
  assert.ok(Math.abs(info.timestamp - site.clock.now()) < 5);
  assert.equal(info.permissions.perm_command, 'full_access');
  const health = await client.commands.run('check_health', {});
  assert.partialDeepStrictEqual(health, {
    appliance: 'support.example.com',
    success: true,
    failoverRole: 'none',
    lastDataSyncTime: null,
  });
  const changed = await client.commands.run('set_failover_role', { role: 'primary', data_sync_first: true });
  assert.equal(changed.dataSyncStarted, true);
  assert.match(changed.message, /^Successfully started data sync/);
  const { dataSyncStarted } = await client.commands.run('set_failover_role', { role: 'primary' });
  assert.equal(dataSyncStarted, false);
  const after = await client.commands.run('check_health', {});
  assert.equal(after.failoverRole, 'primary');
  assert.deepEqual(after.sharedIps, ['192.0.2.10']);
  assert.equal(typeof after.lastDataSyncTime, 'number');
  const { appliances } = await client.commands.run('get_appliances', {});
  assert.deepEqual(appliances, [
    {
      id: health.applianceId,
      name: 'Main',
      publicHostname: 'support.example.com',
      clusterRole: 'single',
      failoverRole: 'primary',
      acceptingConnections: true,
      timezoneOffset: -3600,
    },
  ]);
});

test('attributes: what is left out stays, what is empty is cleared', async (t) => {
  const { client, lsid } = await bench(t, 'PRA');
  const values = async () => {
    const { attributes } = await client.commands.run('get_session_attributes', { lsid });
    return Object.fromEntries(attributes.map(({ codeName, value }) => [codeName, value]));
  };
  const before = await values();
  const text = 'Ünï & <code> "q" \'a\' + % = ; \u{1F600} two\nlines';
  await client.commands.run('set_session_attributes', {
    lsid,
    custom: { external_key: 'A1', custom_field1: text },
  });
  assert.deepEqual(await values(), { ...before, external_key: 'A1', custom_field1: text });
  await client.commands.run('set_session_attributes', { lsid, custom: { external_key: '' } });
  assert.deepEqual(await values(), { ...before, external_key: '', custom_field1: text });
  const { message } = await client.commands.run('set_session_attributes', { lsid });
  assert.equal(message, 'Session attributes were set');
  assert.equal((await values()).custom_field1, text);
});

test('people, teams and clients of a site', async (t) => {
  const { site, client, lsid } = await bench(t, 'RS');
  const { run } = { run: client.commands.run.bind(client.commands) };
  const { reps } = await run('get_logged_in_reps', {});
  assert.ok(reps.length > 1);
  const [first, second] = reps;
  assert(first?.id && second?.id);
  assert.partialDeepStrictEqual(first, { type: 'Normal', showingOnRepList: true, supportSessionCount: 1 });
  assert.equal(typeof first.loggedInSince, 'number');
  const { teams } = await run('get_support_teams', { showmembers: true });
  assert.deepEqual(
    teams.map(({ name }) => name),
    ['Service Desk', 'Network & Voice', 'Équipe «Nord»'],
  );
  assert.deepEqual(teams[0]?.issues, [{ id: '21', codeName: 'issue_2', title: 'Help of Service Desk' }]);
  assert.deepEqual(
    teams[0]?.members.map(({ id }) => id),
    reps.map(({ id }) => id),
  );
  assert.deepEqual((await run('get_support_teams', {})).teams[0]?.members, []);

  const list = await run('get_connected_client_list', {});
  const counts = list.summary[0]?.counts ?? [];
  for (const type of ['representative', 'support_customer', 'push_agent'])
    assert.equal(
      counts.find((count) => count.type === type)?.count,
      list.clients.filter((known) => known.type === type).length,
      type,
    );
  assert.deepEqual((await run('get_connected_client_list', { summary_only: true })).clients, []);
  const ids = list.clients.flatMap(({ id, type }) => (id !== null && type === 'push_agent' ? [id] : []));
  const { clients } = await run('get_connected_clients', { id: ids, include_connections: true });
  assert.deepEqual(
    clients.map(({ hostname, type }) => [type, hostname]),
    [
      ['push_agent', 'London'],
      ['push_agent', 'Network01'],
    ],
  );
  assert.equal(clients[0]?.timezoneOffset, -18_000);
  assert.deepEqual(
    clients[0]?.connections?.children.map(({ name }) => name),
    ['client_connections', 'event_log'],
  );

  await run('set_rep_status', { rep_id: first.id, code_name: 'busy' });
  assert.equal(site.operations.statuses.get(first.id), 'busy');
  await run('join_session', { lsid, rep_id: first.id });
  await run('leave_session', { lsid, customer: true });
  await run('transfer_session', { lsid, queue_id: 'team:3' });
  assert.deepEqual(site.operations.membership, [
    { lsid, change: `+rep:${first.id}` },
    { lsid, change: '-customer' },
  ]);
  assert.equal(site.operations.queues.get(lsid), 'team:3');
  await run('logout_rep', { rep_id: second.id });
  assert.equal((await run('get_logged_in_reps', {})).reps.length, reps.length - 1);
});

test('a session key, and a virtual customer who starts with it', async (t) => {
  const { site, client } = await bench(t, 'RS');
  const key = await client.commands.run('generate_session_key', {
    queue_id: 'team:2',
    ttl: 600,
    custom: { external_key: 'INC 1' },
    url_hostname: 'remote.example.com',
  });
  assert.match(key.keyUrl ?? '', /^https:\/\/remote\.example\.com\//);
  assert.partialDeepStrictEqual(key, { type: 'support', ttl: 600, queueId: 'team:2', externalKey: 'INC 1' });
  assert.ok(Math.abs((key.expires ?? 0) - site.clock.now() - 600) < 5);
  const customer = {
    short_key: key.shortKey ?? '',
    name: 'Zoë',
    ip_address: '203.0.113.7',
    operating_system: 'iOS',
    computer_name: 'phone',
  };
  const made = await client.commands.run('create_virtual_customer', customer);
  assert.match(made.downloadUrl ?? '', /^https:/);
  assert.match(made.lsid ?? '', /^[0-9a-f]{32}$/);
  await failsWith(
    client.commands.run('create_virtual_customer', { ...customer, short_key: '1' }),
    'terminal',
    'command-refused',
    /: The session key is not valid\.$/,
  );
});

/** Whatever can be read is as the reply's schema says: documents are made from it. */
test('every reply that is read fits its schema', async (t) => {
  const { client, lsid } = await bench(t, 'RS');
  const queries = [
    'action=get_api_info',
    'action=check_health',
    'action=get_appliances',
    'action=get_logged_in_reps',
    'action=get_support_teams&showmembers=1',
    'action=get_connected_client_list',
    'action=get_connected_clients&include_connections=1',
    `action=get_session_attributes&lsid=${lsid}`,
    'action=generate_session_key&queue_id=general',
    `action=set_session_attributes&lsid=${lsid}&session.custom.external_key=1`,
  ];
  for (const query of queries) {
    const { name, parameters } = example(query);
    const reply = await client.commands.runByName(name, parameters);
    assert.deepEqual(commands[name].reply.parse(reply), reply, name);
  }
});

function read<N extends CommandName>(name: N, xml: string): CommandReply<N> {
  return commands[name].read(parseSmallXml(xml, name), {} as never) as CommandReply<N>;
}

test('replies are read by local names, in any namespace, with either name of a time', () => {
  for (const [open, close] of [
    ['<h:health xmlns:h="urn:other">', '</h:health>'],
    ['<health>', '</health>'],
  ] as const) {
    const p = open.startsWith('<h:') ? 'h:' : '';
    for (const stamp of ['ts', 'timestamp']) {
      const xml = `${open}<${p}appliance ${p}id="G"> a.example.com </${p}appliance><${p}success>0</${p}success><${p}error_message>Disk</${p}error_message><${p}last_data_sync_time ${stamp}="1759996800">then</${p}last_data_sync_time>${close}`;
      const health = read('check_health', xml);
      assert.partialDeepStrictEqual(health, {
        appliance: 'a.example.com',
        applianceId: 'G',
        success: false,
        errorMessage: 'Disk',
        lastDataSyncTime: 1_759_996_800,
        version: null,
      });
    }
  }
  const iso = '<session_key><expires>2025-10-09T09:30:00+00:00</expires></session_key>';
  assert.equal(read('generate_session_key', iso).expires, 1_760_002_200);
  assert.deepEqual(read('get_logged_in_reps', '<logged_in_reps/>'), { reps: [] });
  assert.throws(() => read('get_logged_in_reps', '<html/>'), { code: 'malformed-reply' });
  assert.deepEqual(read('set_rep_status', '<success/>'), { message: '' });
});

test('a session that is not known, and one that is over, are told apart', async (t) => {
  const { site, client, lsid } = await bench(t, 'PRA');
  const unknown = 'c69a8e10bea9428f816cfababe9815fe';
  await failsWith(
    client.commands.run('get_session_attributes', { lsid: unknown }),
    'terminal',
    'unknown-session',
    /has no active session c69a/,
  );
  await client.commands.run('terminate_session', { lsid });
  const over = await failsWith(
    client.commands.run('terminate_session', { lsid }),
    'terminal',
    'session-not-active',
  );
  assert.match(
    over.message,
    /^Main \(localhost:\d+\) refused terminate_session: the session [0-9a-f]+ is not active\.$/,
  );
  assert.equal(site.log.filter(({ request }) => request === 'command:terminate_session').length, 2);
});

test('in a language that is not known, an unknown session is proven by one that cannot exist', async (t) => {
  const { site, client, lsid } = await bench(t, 'PRA');
  const french = { kind: 'error-document', message: 'Session inconnue.', attributes: true } as const;
  site.faults.add(french, { request: 'command:terminate_session' });
  site.faults.add(french, { request: 'command:get_session_attributes', times: 2 });
  await failsWith(client.commands.run('terminate_session', { lsid }), 'terminal', 'unknown-session');
  // The session is there, so the words mean something else.
  site.faults.add(french, { request: 'command:terminate_session' });
  await failsWith(
    client.commands.run('terminate_session', { lsid }),
    'terminal',
    'command-refused',
    /refused terminate_session: Session inconnue\.$/,
  );
  // As a child of another root (API guide), and without words.
  site.faults.add({ ...french, nested: true, message: '' }, { request: 'command:get_logged_in_reps' });
  await failsWith(
    client.commands.run('get_logged_in_reps', {}),
    'terminal',
    'command-refused',
    /refused get_logged_in_reps without words\.$/,
  );
});

test('a missing permission is told as one, whatever the appliance answers', async (t) => {
  const account = (perm_command: string) =>
    ({ kind: 'oauth', id: 'a', secret: 's', permissions: { perm_command } }) as const;
  const { site, client, lsid } = await bench(t, 'PRA', { accounts: [account('read_only')] });
  await client.commands.run('get_session_attributes', { lsid });
  await failsWith(client.commands.run('terminate_session', { lsid }), 'terminal', 'no-permission');
  site.faults.add(
    { kind: 'error-document', message: 'Nicht erlaubt.' },
    { request: 'command:import_jump_shortcut' },
  );
  await failsWith(
    client.commands.run('import_jump_shortcut', shortcut),
    'terminal',
    'no-permission',
    /needs full access to the command API, the API account has read_only/,
  );
  assert.equal(site.operations.terminated.size, 0);

  const denied = await bench(t, 'PRA', { accounts: [account('deny')] });
  await failsWith(denied.client.commands.run('check_health', {}), 'terminal', 'no-permission');
});

test('a command of the other product is refused before it is sent, with the product found by asking', async (t) => {
  const { site } = await bench(t, 'PRA');
  const client = clientOf(site);
  t.after(() => client.close());
  const name = 'transfer_session';
  const failure = await failsWith(
    client.commands.run(name, { lsid: 'a'.repeat(32), queue_id: 'team:2' }),
    'terminal',
    'not-of-this-product',
    /Privileged Remote Access has no command transfer_session/,
  );
  assert.match(failure.message, /^Main \(/);
  assert.ok(!site.log.some(({ request }) => request === `command:${name}`));
  assert.match((await raw(site, { action: name })).text, /The action is not valid/);
  await failsWith(
    client.commands.runByName('no\nsuch', {}),
    'terminal',
    'unknown-command',
    /no command no\?such\.$/,
  );
  await failsWith(client.commands.runByName('toString', {}), 'terminal', 'unknown-command');
});

test('what may be done twice is sent again after a lost answer, what may not is not', async (t) => {
  const { site, lsid } = await bench(t, 'PRA');
  const client = clientOf(site, { product: 'PRA', idleMs: 1500 });
  t.after(() => client.close());
  const sent = (request: string) => site.log.filter((entry) => entry.request === `command:${request}`).length;
  const cut = { kind: 'cut', afterBytes: 10, framing: 'length' } as const;
  site.faults.add(cut, { request: 'command:set_session_attributes' });
  await client.commands.run('set_session_attributes', { lsid, custom: { external_key: 'x' } });
  assert.equal(sent('set_session_attributes'), 2);

  for (const fault of [cut, { kind: 'server-error' }, { kind: 'html' }, { kind: 'stall' }] as const) {
    const before = sent('import_jump_shortcut');
    site.faults.add(fault, { request: 'command:import_jump_shortcut' });
    await failsWith(
      client.commands.run('import_jump_shortcut', shortcut),
      'terminal',
      'outcome-unknown',
      /import_jump_shortcut was sent and it is not known whether it was done/,
    );
    assert.equal(sent('import_jump_shortcut'), before + 1, fault.kind);
  }
  // A refusal for the number of requests is none of the work: it is sent again.
  site.faults.add(
    { kind: 'too-many-requests', retryAfterSeconds: 0 },
    { request: 'command:import_jump_shortcut' },
  );
  const made = site.operations.jumpShortcuts.length;
  await client.commands.run('import_jump_shortcut', shortcut);
  assert.equal(site.operations.jumpShortcuts.length, made + 1);
  // The token is no part of it either.
  site.faults.add({ kind: 'evict-token' }, { request: 'command:import_jump_shortcut' });
  site.faults.add({ kind: 'server-error' }, { request: 'token' });
  await client.commands.run('import_jump_shortcut', shortcut);
  assert.equal(site.operations.jumpShortcuts.length, made + 2);
  // So is a token that was refused.
  site.faults.add({ kind: 'evict-token' }, { request: 'command:import_jump_shortcut' });
  await client.commands.run('import_jump_shortcut', shortcut);
  assert.equal(site.operations.jumpShortcuts.length, made + 3);
});

test('an appliance that cannot be reached did nothing: it is tried again, and told as it is', async (t) => {
  const { site, client } = await bench(t, 'PRA');
  await client.commands.run('check_health', {});
  await site.close();
  await failsWith(client.commands.run('import_jump_shortcut', shortcut), 'transient', 'unreachable');
});

test('no parameter is logged, and a closed client ends', async (t) => {
  const lines: string[] = [];
  const note = (message: string, fields?: LogFields) => void lines.push(JSON.stringify({ message, fields }));
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const { site, lsid } = await bench(t, 'PRA');
  const client = clientOf(site, { log, product: 'PRA' });
  await client.commands.run('set_session_attributes', { lsid, custom: { external_key: 'TICKET-77' } });
  assert.ok(lines.length > 0);
  assert.ok(!lines.join().includes('TICKET-77'));
  client.close();
  const failure: Failure = await failsWith(client.commands.run('check_health', {}), 'transient', 'cancelled');
  assert.match(failure.message, /was closed/);
});

test('accounts from before 16.1 send their password in the body', async (t) => {
  const { site, lsid } = await bench(t, 'PRA');
  const { connectCommands } = await import('../shared/appliance/connect-commands.ts');
  const user = site.accounts.find(({ kind }) => kind === 'legacy');
  assert(user);
  const open = (secret: string) =>
    connectCommands({
      site: {
        id: 'main',
        name: 'Main',
        host: site.address,
        ca: site.caPem,
        product: 'PRA',
        auth: { kind: 'legacy', username: user.id },
      },
      secret: async () => secret,
    });
  await open(user.secret).commands.run('import_jump_shortcut', shortcut);
  await open(user.secret).commands.run('set_session_attributes', { lsid, custom: { external_key: 'x' } });
  assert.equal(site.operations.attributes.get(lsid)?.get('external_key'), 'x');
  await failsWith(open('wrong').commands.run('check_health', {}), 'terminal', 'wrong-secret');
});
