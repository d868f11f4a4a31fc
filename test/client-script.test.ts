import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import {
  scriptActionNamed,
  scriptActions,
  scriptFile,
  scriptUrl,
} from '../shared/appliance/client-script/index.ts';
import { fromWire } from '../shared/appliance/command-api/wire.ts';
import { Failure } from '../shared/errors.ts';
import { ask } from './appliance/plain-client.ts';
import { bench, queryPairs } from './command-api-support.ts';

const host = 'access.example.com';
const custom = 'session.custom.custom_field1=Custom%20Value&session.custom.custom_field2=123';

/** Query examples of the API guide 1.16. */
const guide: readonly string[] = [
  'action=login&mechanism=username_password&username=username&password=password',
  'action=start_jump_item_session&client.hostname=ABCDEF02',
  'action=start_jump_item_session&client.comments=maintenance&client.tag=server',
  `action=start_jump_item_session&client.private_ip=10.10.24&jump.method=pinned&${custom}`,
  'action=start_pinned_client_session&search_string=ABC',
  'action=start_pinned_client_session&client.hostname=ABCDEF02',
  'action=start_pinned_client_session&client.comments=maintenance&client.tag=server',
  `action=start_pinned_client_session&client.private_ip=10.10.24&${custom}`,
  'action=push_and_start_local&hostname=ABCDEF02',
  `action=push_and_start_local&hostname=ABCDEF02&${custom}`,
  'action=push_and_start_remote&target=ABCDEF02&jumpoint=Network01',
  `action=push_and_start_remote&target=ABCDEF02&jumpoint=Network01&${custom}`,
  'action=start_shell_jump_session&target=ABCDEF02',
  'action=start_shell_jump_session&target=ABCDEF02&jumpoint=Network01',
  'action=start_shell_jump_session&target=ABCDEF02&jumpoint=Network01&username=jsmith&protocol=telnet&port=40&terminal=vt100',
  `action=start_shell_jump_session&target=ABCDEF02&${custom}`,
];

/** Of today's pages, for what the guide has no section for, and for RS. */
const today: readonly string[] = [
  'action=start_rdp_session&target=ABCDEF02',
  'action=start_rdp_session&target=ABCDEF02&jumpoint=Network01&username=u&display_size=1280x720&quality=performance_quality&console=yes',
  `action=start_vnc_session&target=ABCDEF02&jumpoint=Network01&${custom}`,
  'action=start_vnc_session&target=ABCDEF02&port=5901',
  `action=start_vpro_session&target=ABCDEF02&jumpoint=Network01&${custom}`,
  'action=generate_session_key&session.custom.external_key=INC1',
];

function commandOf(query: string) {
  const { action = '', ...rest } = Object.fromEntries(queryPairs(query));
  return { action, parameters: fromWire(scriptActionNamed(action).parameters, Object.entries(rest)) };
}

const sorted = (query: string) => query.split('&').toSorted();

test('every example of the guide gives its URL, and the same command in a script file', () => {
  for (const query of [...guide, ...today]) {
    const command = commandOf(query);
    const url = scriptUrl({ host }, command).reveal();
    const prefix = `https://${host}/api/client_script?type=rep&operation=generate&action=${command.action}`;
    assert.ok(url.startsWith(prefix), url);
    assert.deepEqual(sorted(url.split('?')[1] ?? ''), sorted(`type=rep&operation=generate&${query}`));
    const lines = scriptFile({ site: 'beta60' }, [command]).content.reveal().split('\n');
    assert.equal(lines[0], 'BRCS1.0');
    assert.ok(
      lines.some((line) => sorted(line).join() === sorted(query).join()),
      lines.join('\n'),
    );
  }
  const shown = new Set([...guide, ...today].map((query) => commandOf(query).action));
  assert.deepEqual([...shown].toSorted(), Object.keys(scriptActions).toSorted());
});

test('an appliance reads the URL as it was meant', async (t) => {
  const { site } = await bench(t, 'PRA');
  const text = 'a b+c&d=e%20;(~)!*\'"é\u{1F600}/?#[]@$,:';
  const url = scriptUrl(
    { host: site.address, product: 'PRA' },
    { action: 'push_and_start_local', parameters: { hostname: text, custom: { external_key: text } } },
  ).reveal();
  assert.match(url, /^[\x21-\x7e]+$/);
  assert.doesNotMatch(url.split('?')[1] ?? '', /[^A-Za-z0-9\-._~%&=]/);
  const { pathname, search } = new URL(url);
  const reply = await ask(site, pathname + search);
  assert.equal(reply.status, 200);
  assert.match(String(reply.headers['content-disposition']), /\.brcs-access"/);
  const [header, login, command, removal] = reply.text.split('\n');
  assert.deepEqual([header, login, removal], ['BRCS1.0', 'action=login', 'action=delete_script_file']);
  assert.deepEqual(queryPairs(command ?? ''), [
    ['action', 'push_and_start_local'],
    ['hostname', text],
    ['session.custom.external_key', text],
  ]);
  const web = scriptUrl({ host: site.address, client: 'web_console' }, commandOf(guide[1] ?? '')).reveal();
  assert.match(web, /\?type=web_console&operation=execute&action=/);
  assert.equal((await ask(site, web.slice(web.indexOf('/api')))).status, 200);
  assert.equal((await ask(site, web.slice(web.indexOf('/api')).replace('execute', 'generate'))).status, 400);
});

test('the password shows nowhere but where it is asked for', () => {
  const password = "pass word&/'1";
  const command = {
    action: 'login',
    parameters: { mechanism: 'username_password', username: 'ann', password },
  } as const;
  const url = scriptUrl({ host }, command);
  const { content } = scriptFile({ site: 's' }, [command]);
  for (const secret of [url, content]) {
    assert.ok(secret.reveal().includes('password=pass%20word%26%2F%271'));
    const seen = [
      `${secret}`,
      String(secret),
      JSON.stringify({ secret }),
      inspect({ secret }),
      inspect(secret, { showHidden: true }),
    ];
    for (const text of [...seen, JSON.stringify(Object.entries(secret))])
      assert.doesNotMatch(text, /pass( |%20|\+)word/);
    assert.match(seen[0] ?? '', /username=ann&password=\*\*\*/);
  }
  for (const parameters of [
    { password },
    { mechanism: 'kerberos', username: 'ann', password },
    { mechanism: 'username_password', username: 'ann', password: `${password}\u0000` },
    { [password]: '1' },
  ])
    assert.throws(
      () => scriptUrl({ host }, { action: 'login', parameters }),
      (error) =>
        error instanceof Failure && error.code === 'bad-parameter' && !/pass.?word&/.test(error.message),
    );
  assert.throws(
    () => scriptUrl({ host: `ann:${password}@h` }, command),
    (error) => error instanceof Failure && !error.message.includes('word&'),
  );
});

test('a file has ten commands at most, the added ones counted, and is named for its site', () => {
  const one = commandOf(guide[1] ?? '');
  const many = (count: number) => Array.from({ length: count }, () => one);
  const file = scriptFile({ site: 'beta60', name: 'jump' }, many(8));
  assert.equal(file.fileName, 'jump.brcs-beta60');
  const lines = file.content.reveal().trimEnd().split('\n');
  assert.equal(lines.length, 11);
  assert.deepEqual([lines[1], lines[10]], ['action=login', 'action=delete_script_file']);
  assert.throws(() => scriptFile({ site: 's' }, many(9)), {
    code: 'bad-parameter',
    message: /it has 11 commands/,
  });
  const bare = { site: 's', addLogin: false, addDelete: false };
  assert.equal(scriptFile(bare, many(10)).content.reveal().split('\n').length, 12);
  assert.throws(() => scriptFile(bare, many(11)), { message: /it has 11 commands/ });
  assert.throws(() => scriptFile(bare, []), { message: /at least one command/ });
  // A log-in of one's own comes in place of the one that is added.
  const own = scriptFile({ site: 's' }, [commandOf(guide[0] ?? ''), one]).content.reveal();
  assert.equal(own.match(/action=login/g)?.length, 1);
  for (const site of ['', '../x', 'a b', '.x'])
    assert.throws(() => scriptFile({ site }, [one]), { code: 'bad-parameter' });
  assert.throws(() => scriptFile({ site: 's', name: 'a/b' }, [one]), { code: 'bad-parameter' });
});

const longest = (most: number) => ['x'.repeat(most), 'x'.repeat(most + 1)] as const;
const fields = ['comments', 'hostname', 'private_ip', 'public_ip', 'tag'].map((name) => `client.${name}`);

/** Action, the other parameters, a parameter, what it takes and what not. */
const limits: readonly (readonly [string, Record<string, unknown>, string, unknown, unknown])[] = [
  ...fields.flatMap((field) =>
    ['start_jump_item_session', 'start_pinned_client_session'].map(
      (action) => [action, {}, field, ...longest(255)] as const,
    ),
  ),
  ['start_jump_item_session', { 'client.tag': 't' }, 'credential_id', ...longest(255)],
  ['start_jump_item_session', { 'client.tag': 't' }, 'jump.method', 'local_push', 'ssh'],
  ['start_jump_item_session', { 'client.tag': 't' }, 'search_string', 'both are allowed', ''],
  ['start_pinned_client_session', {}, 'search_string', ...longest(1024)],
  ['push_and_start_local', {}, 'hostname', ...longest(255)],
  ['push_and_start_remote', {}, 'target', 'h', undefined],
  ['start_shell_jump_session', { target: 'h' }, 'port', 65_535, 65_536],
  ['start_shell_jump_session', { target: 'h' }, 'port', 1, 0],
  ['start_shell_jump_session', { target: 'h' }, 'protocol', 'ssh', 'rsh'],
  ['start_shell_jump_session', { target: 'h' }, 'terminal', 'vt100', 'ansi'],
  ['start_shell_jump_session', { target: 'h' }, 'custom', { a: 'x'.repeat(1024) }, { a: 'x'.repeat(1025) }],
  ['start_rdp_session', { target: 'h' }, 'display_size', 'all_displays', 'all'],
  ['start_rdp_session', { target: 'h' }, 'quality', 'quality', 'best_qual'],
  ['start_rdp_session', { target: 'h' }, 'console', 'yes', '1'],
  ['start_vnc_session', { target: 'h' }, 'port', 5900, 0],
  ['start_vpro_session', { target: 'h' }, 'jumpoint', 'j', undefined],
];

test('limits of the actions hold on both sides', () => {
  for (const [action, parameters, name, taken, refused] of limits) {
    scriptUrl({ host }, { action, parameters: { ...parameters, [name]: taken } });
    assert.throws(
      () => scriptUrl({ host }, { action, parameters: { ...parameters, [name]: refused } }),
      (error) => {
        assert.ok(error instanceof Failure && error.code === 'bad-parameter');
        assert.ok(error.message.startsWith(`${action}: `) && error.message.includes(name), error.message);
        return true;
      },
      `${action} ${name}`,
    );
  }
});

test('searches: a field or a text for Jump Items, one and not the other for Jump Clients', () => {
  const url = (action: string, parameters: Record<string, string>) => () =>
    scriptUrl({ host }, { action, parameters });
  assert.throws(url('start_jump_item_session', {}), {
    message: /search_string: give it, or at least one client field/,
  });
  assert.throws(url('start_jump_item_session', { 'jump.method': 'rdp' }), { code: 'bad-parameter' });
  const either = { message: /search_string: give either it or client fields/ };
  assert.throws(url('start_pinned_client_session', {}), either);
  assert.throws(url('start_pinned_client_session', { search_string: 'a', 'client.tag': 'b' }), either);
});

test('an action that there is not, or not for this product, is refused', () => {
  const vnc = { action: 'start_vnc_session', parameters: { target: 'h' } } as const;
  scriptUrl({ host, product: 'RS' }, vnc);
  assert.throws(() => scriptUrl({ host, product: 'PRA' }, vnc), {
    code: 'not-of-this-product',
    message: 'Privileged Remote Access has no script command start_vnc_session.',
  });
  assert.throws(() => scriptUrl({ host }, { action: 'delete_script_file', parameters: {} }), {
    code: 'unknown-command',
  });
  assert.throws(() => scriptUrl({ host }, { action: 'constructor', parameters: {} }), {
    code: 'unknown-command',
  });
});
