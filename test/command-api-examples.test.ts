import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkParameters } from '../shared/appliance/command-api/check-parameters.ts';
import { commandNamed, commands } from '../shared/appliance/command-api/index.ts';
import { fromWire, toWire } from '../shared/appliance/command-api/wire.ts';
import { failsWith } from './appliance-client-support.ts';
import { bench, example, queryPairs } from './command-api-support.ts';

const guideLsid = 'c69a8e10bea9428f816cfababe9815fe';
const shortcut = 'action=import_jump_shortcut&name=Endpoint';
const through = 'jumpoint=London&group=remote_access';

/** Query examples of the API guide 1.16, errata apart (docs/api-guide-errata.md). */
const guide: readonly string[] = [
  `action=set_session_attributes&lsid=${guideLsid}&session.custom.external_key=ABC123`,
  `action=set_session_attributes&lsid=${guideLsid}&session.custom.custom_field1=Custom%20Value`,
  `action=get_session_attributes&lsid=${guideLsid}`,
  `${shortcut}&local_jump_hostname=ABCDEF02&group=remote_access`,
  `${shortcut}&local_jump_hostname=ABCDEF02&group=remote_access&tag=Frequent%20Access&comments=Web%20server&jump_policy=Notify&session_policy=Servers`,
  `${shortcut}&remote_jump_hostname=ABCDEF02&${through}`,
  `${shortcut}&remote_vnc_hostname=ABCDEF02&${through}`,
  `${shortcut}&remote_vnc_hostname=ABCDEF02&${through}&port=100`,
  `${shortcut}&remote_rdp_hostname=ABCDEF02&${through}`,
  `${shortcut}&remote_rdp_hostname=ABCDEF02&${through}&rdp_username=admin&domain=example&display_size=1280x720&quality=perf_and_qual&console=1&ignore_untrusted=1&sql_server_hostname=example.local&sql_server_port=1500&sql_server_database=example&custom_app_name=sql_server&custom_app_params=x,y,z`,
  `${shortcut}&shelljump_hostname=ABCDEF02&jumpoint=London&protocol=ssh&group=remote_access`,
  `${shortcut}&shelljump_hostname=ABCDEF02&jumpoint=London&protocol=ssh&group=remote_access&shelljump_username=admin&port=25&terminal=vt100&keep_alive=120`,
  `${shortcut}&protocol_tunnel_hostname=ABCDEF02&${through}&tcp_tunnels=auto->22`,
  `${shortcut}&protocol_tunnel_hostname=ABCDEF02&${through}&tcp_tunnels=auto->22;3306->3306&local_address=127.0.0.5`,
  'action=check_health',
  'action=get_api_info',
  'action=set_failover_role&role=primary',
  'action=set_failover_role&role=backup',
  'action=set_failover_role&role=primary&data_sync_first=1',
  'action=set_failover_role&role=backup&data_sync_first=1',
  'action=set_failover_role&role=backup&force=1',
  'action=set_failover_role&role=backup&data_sync_first=1&force=1',
  'action=terminate_session&lsid=da4b510978a541d49398e88c66e28475',
];

/** Of today's pages, for the actions that the guide has no section for. `REP` is somebody who is logged in. */
const today: readonly string[] = [
  'action=get_logged_in_reps',
  'action=get_support_teams',
  'action=get_support_teams&showmembers=1',
  'action=get_appliances',
  'action=get_connected_client_list',
  'action=get_connected_client_list&type=representative,push_agent&summary_only=1',
  'action=get_connected_clients&type=all&include_connections=1',
  'action=get_connected_clients&id=9000,9001',
  'action=set_rep_status&rep_id=REP&code_name=busy',
  'action=generate_session_key&type=support&queue_id=general',
  'action=generate_session_key&type=support&queue_id=rep:REP&ttl=600&session.custom.external_key=ABC123&session.priority=1&session.skills=windows,network',
  `action=join_session&lsid=${guideLsid}&rep_id=REP`,
  `action=leave_session&lsid=${guideLsid}&rep_id=REP`,
  `action=leave_session&lsid=${guideLsid}&customer=1`,
  `action=transfer_session&lsid=${guideLsid}&queue_id=rep:REP`,
  `action=transfer_session&lsid=${guideLsid}&queue_id=team:2`,
  `action=send_chat_message&lsid=${guideLsid}&body=Hello&impersonate=customer`,
  'action=send_chat_message&team_id=2&body=Hello&impersonate=rep:REP&to_rep=REP',
  'action=logout_rep&rep_id=REP',
];

test('every example of the guide is typed, checked and sent as it stands', async (t) => {
  for (const product of ['PRA', 'RS'] as const) {
    const { site, client, lsid } = await bench(t, product);
    for (const query of guide) {
      const real = query.replace(guideLsid, lsid).replace('da4b510978a541d49398e88c66e28475', lsid);
      const { name, parameters } = example(real);
      await client.commands.runByName(name, parameters);
      const sent = site.log.at(-1);
      assert.equal(sent?.request, `command:${name}`, query);
      assert.deepEqual({ ...sent.parameters }, Object.fromEntries(queryPairs(real)), query);
    }
    assert.equal(site.operations.jumpShortcuts.length, 11);
    assert.deepEqual([...site.operations.terminated], [lsid]);
    assert.equal(site.operations.failovers.length, 6);
  }
});

test('every action that is not in the guide is sent as today’s pages show it', async (t) => {
  const { site, client, lsid } = await bench(t, 'RS');
  const [rep]: readonly { readonly id: string | null }[] = (
    await client.commands.run('get_logged_in_reps', {})
  ).reps;
  assert(rep?.id);
  for (const query of today) {
    const real: string = query.replace(guideLsid, lsid).replaceAll('REP', rep.id);
    const { name, parameters } = example(real);
    await client.commands.runByName(name, parameters);
    assert.deepEqual({ ...site.log.at(-1)?.parameters }, Object.fromEntries(queryPairs(real)), query);
  }
  const { shortKey } = await client.commands.run('generate_session_key', { queue_id: 'general' });
  const query = `action=create_virtual_customer&short_key=${shortKey}&name=Pat&ip_address=203.0.113.7&operating_system=iOS&computer_name=phone&locale=en-us`;
  await client.commands.runByName('create_virtual_customer', example(query).parameters);
  assert.deepEqual({ ...site.log.at(-1)?.parameters }, Object.fromEntries(queryPairs(query)));
});

test('there is an example of every action', () => {
  const shown = new Set([...guide, ...today].map((query) => example(query.replaceAll('REP', '5')).name));
  assert.deepEqual(
    Object.keys(commands).filter((name) => !shown.has(name as never)),
    ['create_virtual_customer'],
  );
});

test('erratum: a Web Jump’s URL needs its scheme, though the guide’s examples have none', async (t) => {
  const { site, client } = await bench(t, 'PRA');
  const web = (url: string, more = '') =>
    `action=import_jump_shortcut&website_name=Endpoint&url=${url}&${through}${more}`;
  for (const more of ['', '&verify_certificate=0']) {
    const { name, parameters } = example(web('example.com', more));
    await failsWith(
      client.commands.runByName(name, parameters),
      'terminal',
      'bad-parameter',
      /: url: begins/,
    );
    await client.commands.runByName(name, example(web('https://example.com', more)).parameters);
  }
  assert.deepEqual(site.operations.jumpShortcuts, [
    { website_name: 'Endpoint', url: 'https://example.com', jumpoint: 'London', group: 'remote_access' },
    {
      website_name: 'Endpoint',
      url: 'https://example.com',
      jumpoint: 'London',
      group: 'remote_access',
      verify_certificate: '0',
    },
  ]);
});

test('erratum: VT100 and tunnels with spaces are taken, and sent in one spelling', () => {
  const { parameters: schema } = commandNamed('import_jump_shortcut');
  const sent = (query: string) =>
    toWire(
      checkParameters('x', schema, fromWire(schema, queryPairs(query))) as Readonly<Record<string, unknown>>,
    );
  const shell = `name=E&shelljump_hostname=H&protocol=ssh&${through}&terminal=VT100`;
  assert.equal(sent(shell).terminal, 'vt100');
  const tunnel = `name=E&protocol_tunnel_hostname=H&${through}&tcp_tunnels=${encodeURIComponent('auto->22; 3306->3306')}`;
  assert.equal(sent(tunnel).tcp_tunnels, 'auto->22;3306->3306');
});

test('a parameter that comes twice is refused', () => {
  assert.throws(
    () =>
      fromWire(commandNamed('terminate_session').parameters, [
        ['lsid', 'a'],
        ['lsid', 'b'],
      ]),
    { code: 'bad-parameter', message: 'lsid is given more than once.' },
  );
});
