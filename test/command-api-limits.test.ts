import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { checkParameters } from '../shared/appliance/command-api/check-parameters.ts';
import { type CommandName, commandNamed, commands } from '../shared/appliance/command-api/index.ts';
import { toWire } from '../shared/appliance/command-api/wire.ts';
import { Failure } from '../shared/errors.ts';
import { failsWith } from './appliance-client-support.ts';
import { bench, raw } from './command-api-support.ts';

const through = { group: 'g', jumpoint: 'j' };
const kinds = {
  local_jump: { name: 'n', local_jump_hostname: 'h', group: 'g' },
  remote_jump: { name: 'n', remote_jump_hostname: 'h', ...through },
  vnc: { name: 'n', remote_vnc_hostname: 'h', ...through },
  rdp: { name: 'n', remote_rdp_hostname: 'h', ...through },
  shell_jump: { name: 'n', shelljump_hostname: 'h', protocol: 'ssh', ...through },
  protocol_tunnel: { name: 'n', protocol_tunnel_hostname: 'h', tcp_tunnels: 'auto->22', ...through },
  web_jump: { website_name: 'n', url: 'http://h', ...through },
} as const;
type Kind = keyof typeof kinds;

const characters = (most: number) => [['é'.repeat(most)], ['é'.repeat(most + 1), '']] as const;
const range = (least: number, most: number) =>
  [
    [least, most],
    [least - 1, most + 1, least + 0.5],
  ] as const;
const words = (taken: readonly string[], refused: readonly string[]) => [taken, refused] as const;
const flags = [
  [true, false],
  ['2', 2],
] as const;

/** Kind, parameter, what is taken, what is refused: the guide's tables. */
const tables: readonly (readonly [Kind, string, readonly [readonly unknown[], readonly unknown[]]])[] = [
  ['local_jump', 'name', characters(128)],
  ['local_jump', 'local_jump_hostname', characters(128)],
  ['local_jump', 'tag', characters(1024)],
  ['local_jump', 'comments', characters(1024)],
  ['remote_jump', 'remote_jump_hostname', characters(128)],
  ['vnc', 'remote_vnc_hostname', characters(128)],
  ['vnc', 'port', range(100, 65_535)],
  ['rdp', 'remote_rdp_hostname', characters(128)],
  ['rdp', 'display_size', words(['primary', 'all', '640x480'], ['both', '640', '640x', '0x480', '640X480'])],
  [
    'rdp',
    'quality',
    words(['low', 'best_perf', 'perf_and_qual', 'best_qual', 'video_opt'], ['best', 'quality']),
  ],
  ['rdp', 'console', flags],
  ['rdp', 'ignore_untrusted', flags],
  ['rdp', 'sql_server_hostname', characters(64)],
  ['rdp', 'sql_server_port', range(1, 65_535)],
  ['rdp', 'sql_server_database', characters(520)],
  ['rdp', 'custom_app_name', characters(520)],
  ['rdp', 'custom_app_params', characters(16_000)],
  ['shell_jump', 'shelljump_hostname', characters(128)],
  ['shell_jump', 'protocol', words(['ssh', 'telnet'], ['SSH', 'rlogin'])],
  ['shell_jump', 'port', range(1, 65_535)],
  ['shell_jump', 'terminal', words(['xterm', 'vt100', 'VT100'], ['vt220'])],
  ['shell_jump', 'keep_alive', range(0, 300)],
  ['protocol_tunnel', 'protocol_tunnel_hostname', characters(128)],
  [
    'protocol_tunnel',
    'tcp_tunnels',
    words(
      ['auto->1', '1->65535', 'auto->22;3306->3306'],
      ['22', 'auto->auto', '0->22', '65536->22', '22->0', '22->65536', 'auto->22,3306->3306', 'auto->22;'],
    ),
  ],
  [
    'protocol_tunnel',
    'local_address',
    words(['127.0.0.1', '127.255.255.255'], ['128.0.0.1', '127.0.0', '127.0.0.256']),
  ],
  ['web_jump', 'website_name', characters(128)],
  ['web_jump', 'url', words(['http://h', 'https://h/p?q'], ['ftp://h', 'h.example.com'])],
  ['web_jump', 'verify_certificate', flags],
];

test('each limit of a Jump shortcut holds on both sides, with nothing sent that is over it', async (t) => {
  const { site, client } = await bench(t, 'PRA');
  for (const [kind, parameter, [taken, refused]] of tables) {
    for (const value of taken) {
      await client.commands.runByName('import_jump_shortcut', { kind, ...kinds[kind], [parameter]: value });
      assert.ok(parameter in (site.operations.jumpShortcuts.at(-1) ?? {}), parameter);
    }
    const sent = site.log.length;
    for (const value of refused) {
      const failure = await failsWith(
        client.commands.runByName('import_jump_shortcut', { kind, ...kinds[kind], [parameter]: value }),
        'terminal',
        'bad-parameter',
        new RegExp(`^import_jump_shortcut: ${parameter}: `),
      );
      assert.ok(failure.message.length < 250, failure.message);
    }
    assert.equal(site.log.length, sent, `${parameter}: nothing was sent`);
    // The appliance itself draws the line at the same place.
    const over = refused[0];
    const answer = await raw(site, {
      action: 'import_jump_shortcut',
      ...kinds[kind],
      [parameter]: over === '2' ? '2' : String(over),
    });
    assert.match(answer.text, /<error /, `${parameter} ${String(over).slice(0, 20)}`);
  }
});

test('a Jump shortcut without a required parameter, or with one of another kind, is refused by its name', () => {
  const { parameters: schema } = commandNamed('import_jump_shortcut');
  for (const kind of Object.keys(kinds) as Kind[]) {
    checkParameters('x', schema, { kind, ...kinds[kind] });
    for (const name of Object.keys(kinds[kind])) {
      const { [name]: _, ...rest } = kinds[kind] as Record<string, string>;
      assert.throws(() => checkParameters('x', schema, { kind, ...rest }), {
        code: 'bad-parameter',
        message: `x: ${name}: is required.`,
      });
    }
    assert.throws(() => checkParameters('x', schema, { kind, ...kinds[kind], 'no such\n': '1' }), {
      message: 'x: no?such?: no such parameter.',
    });
  }
  // The tables of VNC and Protocol Tunnel Jump have no session policy.
  for (const kind of ['vnc', 'protocol_tunnel'] as const)
    assert.throws(() => checkParameters('x', schema, { kind, ...kinds[kind], session_policy: 'p' }), {
      message: 'x: session_policy: no such parameter.',
    });
  assert.throws(() => checkParameters('x', schema, { kind: 'vpro', name: 'n' }), {
    message: /^x: kind: tells none of the kinds local_jump, remote_jump, vnc, rdp, /,
  });
});

test('custom attributes: 1,024 characters each, 10 KB together', async (t) => {
  const { site, client, lsid } = await bench(t, 'PRA');
  const set = (custom: Record<string, string>) =>
    client.commands.run('set_session_attributes', { lsid, custom });
  await set({ external_key: '\u{1F600}'.repeat(1024) });
  await set({ external_key: 'x'.repeat(1024), custom_field1: '€'.repeat(1024) });
  // 1,024 × 4 bytes, twice, and 2,048 in two others: 10,240.
  const four = '\u{1F600}'.repeat(1024);
  const full = {
    external_key: four,
    custom_field1: four,
    custom_field2: 'é'.repeat(512),
    floor: 'x'.repeat(1024),
  };
  await set(full);
  const sent = site.log.length;
  await failsWith(
    set({ external_key: 'x'.repeat(1025) }),
    'terminal',
    'bad-parameter',
    /session\.custom\.external_key: has 1025 characters/,
  );
  await failsWith(set({ ...full, cost_centre: 'x' }), 'terminal', 'bad-parameter', /custom: has 10241 bytes/);
  await failsWith(
    set({ 'no code': 'x' }),
    'terminal',
    'bad-parameter',
    /session\.custom\.no\?code: is no code name/,
  );
  assert.equal(site.log.length, sent);
  const wire = Object.entries({ ...full, cost_centre: 'x' }).map(([code, value]) => [
    `session.custom.${code}`,
    value,
  ]);
  const answer = await raw(site, { action: 'set_session_attributes', lsid, ...Object.fromEntries(wire) });
  assert.match(answer.text, /<error /);
});

const hundred = Array.from({ length: 100 }, (_, at) => String(at + 1));
const lsid = 'a'.repeat(32);

/** Command, parameters that are taken, and the name in the refusal of those that are not. */
const rules: readonly (readonly [CommandName, unknown, unknown, RegExp])[] = [
  ['get_connected_clients', { id: hundred }, { id: [...hundred, '101'] }, /: id: has 101 ids, at most 100/],
  ['get_connected_clients', { type: ['push_agent'] }, { type: ['pinned_client'] }, /: type\.0: give all, /],
  ['get_connected_client_list', { summary_only: true }, { summary_only: 'x' }, /: summary_only: give 1 or 0/],
  [
    'set_failover_role',
    { role: 'backup', force: true },
    { role: 'primary', force: true },
    /: force: is only for/,
  ],
  ['set_failover_role', { role: 'primary' }, { role: 'none' }, /: role: give primary or backup/],
  ['set_failover_role', { role: 'primary' }, {}, /: role: is required/],
  ['terminate_session', { lsid }, { lsid: 'a b' }, /: lsid: give the id of a session/],
  ['terminate_session', { lsid }, {}, /: lsid: is required/],
  ['join_session', { lsid, rep_id: '5' }, { lsid }, /: rep_id: give either rep_id or rep_username/],
  [
    'join_session',
    { lsid, rep_username: 'u' },
    { lsid, rep_id: '5', rep_username: 'u' },
    /: rep_id: give either/,
  ],
  ['join_session', { lsid, rep_id: '5' }, { lsid, rep_id: 'five' }, /: rep_id: give a numeric id/],
  ['leave_session', { lsid, customer: true }, { lsid, customer: true, rep_id: '5' }, /: rep_id: give one of/],
  ['leave_session', { lsid, rep_id: '5' }, { lsid, customer: false }, /: customer: can only be 1/],
  [
    'transfer_session',
    { lsid, queue_id: 'team:2' },
    { lsid, queue_id: 'general' },
    /: queue_id: give rep:ID/,
  ],
  [
    'transfer_session',
    { lsid, queue_id: 'rep_username:ann lee' },
    { lsid, queue_id: 'rep:ann' },
    /: queue_id: /,
  ],
  ['generate_session_key', { queue_id: 'issue:other' }, { queue_id: 'team:x' }, /: queue_id: give general, /],
  [
    'generate_session_key',
    { queue_id: 'general', ttl: 1 },
    { queue_id: 'general', ttl: 0 },
    /: ttl: give a whole/,
  ],
  [
    'generate_session_key',
    { queue_id: 'general', 'session.priority': 3 },
    { queue_id: 'general', 'session.priority': 4 },
    /: session\.priority: give a whole number from 1 to 3/,
  ],
  [
    'send_chat_message',
    { lsid, body: 'x' },
    { lsid, team_id: '2', body: 'x' },
    /: lsid: give either lsid or team_id/,
  ],
  ['send_chat_message', { team_id: '2', body: 'x' }, { body: 'x' }, /: lsid: give either/],
  [
    'send_chat_message',
    { lsid, body: 'x', impersonate: 'customer' },
    { team_id: '2', body: 'x', impersonate: 'customer' },
    /: impersonate: customer is only for a session/,
  ],
  [
    'send_chat_message',
    { team_id: '2', body: 'x', impersonate: 'rep:5', to_rep: '6' },
    { team_id: '2', body: 'x', to_rep: '6' },
    /: to_rep: needs team_id and impersonate/,
  ],
  ['send_chat_message', { lsid, body: 'x' }, { lsid, body: '' }, /: body: is empty/],
  ['logout_rep', { rep_id: '5' }, {}, /: rep_id: give either/],
  [
    'set_rep_status',
    { rep_id: '5', code_name: 'busy' },
    { rep_id: '5', code_name: '' },
    /: code_name: is empty/,
  ],
  [
    'create_virtual_customer',
    { short_key: '1234567', name: 'n', ip_address: '2001:db8::1', operating_system: 'o', computer_name: 'c' },
    { short_key: '1234567', name: 'n', ip_address: 'here', operating_system: 'o', computer_name: 'c' },
    /: ip_address: give an IP address/,
  ],
  ['get_api_info', {}, { lsid }, /: lsid: no such parameter/],
];

test('rules of the other commands hold on both sides', () => {
  for (const [name, taken, refused, line] of rules) {
    const { parameters } = commandNamed(name);
    checkParameters(name, parameters, taken);
    assert.throws(
      () => checkParameters(name, parameters, refused),
      (error) => {
        assert.ok(error instanceof Failure && error.code === 'bad-parameter');
        assert.match(error.message, line);
        assert.ok(error.message.startsWith(`${name}: `) && !error.message.includes('\n'));
        return true;
      },
      JSON.stringify(refused),
    );
  }
});

test('what cannot be sent or read back is refused, and no value stands in a message', () => {
  const { parameters } = commandNamed('set_rep_status');
  for (const value of ['\u0000secret', '\ud800secret', '\u0007secret'])
    assert.throws(
      () => checkParameters('x', parameters, { rep_id: '5', code_name: value }),
      (error) =>
        error instanceof Failure &&
        !error.message.includes('secret') &&
        /code_name: has characters/.test(error.message),
    );
  assert.throws(() => checkParameters('x', parameters, { rep_id: 'secret', code_name: 5 }), {
    message: 'x: rep_id: give a numeric id; code_name: has to be text.',
  });
  assert.throws(() => checkParameters('x', parameters, 'secret'), {
    message: 'x: has to be names with values.',
  });
});

test('every command has a schema for forms and documents, with a description of each parameter and the limits', () => {
  interface Json {
    readonly description?: string;
    readonly maxLength?: number;
    readonly properties?: Readonly<Record<string, Json>>;
    readonly oneOf?: readonly Json[];
    readonly const?: string;
  }
  for (const command of Object.values(commands)) {
    const schema = z.toJSONSchema(command.parameters, { io: 'input' }) as Json;
    for (const { properties = {} } of schema.oneOf ?? [schema])
      for (const [name, property] of Object.entries(properties))
        assert.ok(property.description ?? property.const, `${command.name} ${name}`);
    assert.ok(z.toJSONSchema(command.reply, { io: 'output' }));
    assert.ok(command.title && command.description && command.products.length > 0);
  }
  const shortcut = z.toJSONSchema(commands.import_jump_shortcut.parameters, { io: 'input' }) as Json;
  assert.equal(shortcut.oneOf?.length, 7);
  assert.equal(shortcut.oneOf?.[3]?.properties?.custom_app_params?.maxLength, 16_000);
});

test('booleans are sent as 1 and 0, lists with commas, and what is left out not at all', () => {
  assert.deepEqual(
    toWire({ kind: 'x', a: true, b: false, c: ['1', '2'], d: 5, e: undefined, custom: { k: '' } }),
    {
      a: '1',
      b: '0',
      c: '1,2',
      d: '5',
      'session.custom.k': '',
    },
  );
});
