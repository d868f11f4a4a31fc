import assert from 'node:assert/strict';
import { test } from 'node:test';
import { report, takeToken } from './appliance/plain-client.ts';
import type { ApplianceOptions } from './appliance/simulated-appliance.ts';
import { startAppliance } from './appliance/start-appliance.ts';
import { readModel } from './appliance/tree-model.ts';
import { readTree, type Tree } from './appliance/xml-tree.ts';

const from = 1_760_000_000;
const day = 86_400;

for (const product of ['RS', 'PRA'] as const) {
  test(`the truth is what the ${product} report says, read by other code, at several moments`, async () => {
    const options: ApplianceOptions = { product, seed: 3, sessions: 450, from, to: from + day, events: 25 };
    await using appliance = await startAppliance(options);
    appliance.clock.rate(0);
    const name = product === 'RS' ? 'SupportSession' : 'AccessSession';
    for (const at of [from + day / 2, from + 3 * day]) {
      appliance.clock.set(at);
      const token = await takeToken(appliance);
      const { text } = await report(appliance, token, `${name}&start_time=${from}&duration=0`);
      const read = readTree(text).children.map(readModel);
      const truth = [...appliance.truth.sessions()].map(({ session }) => session);
      assert.equal(read.length, truth.length);
      for (const [place, session] of read.entries()) assert.deepEqual(session, truth[place]);
    }
  });
}

test('every oddity that was seen in the field is in there', async () => {
  const options = { seed: 5, sessions: 450, from, to: from + day } as const;
  for (const product of ['RS', 'PRA'] as const) {
    await using appliance = await startAppliance({ product, ...options });
    appliance.clock.set(from + 1.5 * day);
    const token = await takeToken(appliance);
    const name = product === 'RS' ? 'SupportSession' : 'AccessSession';
    const { text } = await report(appliance, token, `${name}&start_time=${from}&duration=0`);
    const sessions = readTree(text).children;
    const some = (what: string, holds: (session: Tree) => boolean) =>
      assert(sessions.some(holds), `${product}: no session ${what}`);
    const has = (tree: Tree, path: string) => all(tree, path).length > 0;
    const patterns: [string, RegExp][] = [
      ['IPv6 with port', /<public_ip>\[2001:db8:[0-9a-f:]+\]:\d+</],
      ['an address without port', /<public_ip>[\d.]+</],
      ['Unknown', /<private_ip>Unknown</],
      ['jumpoint -1', /<jumpoint id="-1">/],
      ['personal jump group', /<jump_group type="personal"/],
      ['empty external key', /<external_key><\/external_key>/],
      ['empty custom attributes', /<custom_attributes><\/custom_attributes>/],
      ['wrapped base64', /<encoded_body>[^<]{76}\r\n/],
      ['CDATA that is split', /]]]]><!\[CDATA\[>/],
      ['numeric references', /&#x1F600;/],
      ['CR by reference', /&#13;\n/],
      ['raw CRLF', /Windows line ends\r\n/],
      ['tab in an attribute', /&#9;/],
      ['astral characters', /\u{1F468}\u200D\u{1F4BB}/u],
      ['white space only', /<event [^>]*event_type="Session Start" >\n\n {8}<\/event>/],
      ['invited', /<invited>1<\/invited>/],
      ['files with attributes', /<files><file name="[^"]+" size="\d+" \/>/],
      ['an unknown event type', /event_type="Wormhole Negotiated"/],
      ['an end tag in a comment', /<!--[^>]*<\/session>/],
      ['an end tag in CDATA', /<!\[CDATA\[[^\]]*<\/session>/],
      ['a session inside an unknown element', /<vault_checkouts [\s\S]{1,400}<session lsid="0{32}">/],
      ['an empty end time without timestamp', /<end_time><\/end_time>/],
      ['a self-closed end time', /<end_time \/>/],
      ['a blank timestamp', /<end_time timestamp=""><\/end_time>/],
      ['more than a day', /<duration>2[4-9]:\d\d:\d\d</],
      ['shells', /<command_shell_recordings>/],
      ['everyone', /type="everyone"/],
    ];
    for (const [what, pattern] of patterns) assert.match(text, pattern, `${product}: ${what}`);
    some('without custom_attributes', (session) => !has(session, 'custom_attributes'));
    some('with filled custom_attributes', (session) => has(session, 'custom_attributes/custom_attribute'));
    some('without jump group', (session) => !has(session, 'jump_group'));
    some('whose customer has no hostname', (session) => !has(session, 'customer_list/customer/hostname'));
    some('with several data in an event', (session) =>
      all(session, 'session_details/event').some((event) => all(event, 'data').length > 1),
    );
    some('with several values in a data', (session) =>
      all(session, 'session_details/event/data').some((data) => all(data, 'value').length > 1),
    );
    some('with a user who came again', (session) => {
      const users = all(session, 'rep_list/representative').map(({ attributes }) => attributes);
      return users.some((one) => users.some((two) => one.id === two.id && one.gsnumber !== two.gsnumber));
    });
    const lseqs = sessions.map((session) => all(session, 'lseq')[0]?.text);
    assert(new Set(lseqs).size < lseqs.length, 'a shared lseq');
    const direct = /<filename>/.test(
      text.replaceAll(/<event [^>]*"File Upload Failed"[\s\S]*?<\/event>/g, ''),
    );
    assert.equal(direct, product === 'RS', 'file names as elements in RS, as data in PRA');
    for (const [what, pattern] of [
      ['surveys', /<cust_exit_survey /],
      ['teams', /<primary_team>1</],
      ['Show My Screen', /<show_my_screen_recording /],
      ['nobody', /<rep_list><\/rep_list>/],
      ['public site', /<public_site /],
    ] as const) {
      assert.equal(pattern.test(text), product === 'RS', what);
    }
  }
});

test('a plain appliance has none of them', async () => {
  await using appliance = await startAppliance({
    product: 'RS',
    seed: 5,
    sessions: 300,
    from,
    to: from + day,
    oddities: 'plain',
  });
  const truth = [...appliance.truth.sessions(from + 10 * day)];
  assert(truth.every(({ state }) => state === 'closed'));
  const text = JSON.stringify(truth);
  assert.doesNotMatch(text, /encoded_body|Unknown|Wormhole|\[2001|\\u/);
  assert(truth.every(({ session }) => (session.endTime ?? 0) - (session.startTime ?? 0) < day));
});

/** The elements at the end of a path of names. */
function all(tree: Tree, path: string): Tree[] {
  return path
    .split('/')
    .reduce<Tree[]>(
      (trees, name) => trees.flatMap(({ children }) => children.filter((each) => each.name === name)),
      [tree],
    );
}
