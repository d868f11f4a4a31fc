import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportSettings, settingsInExport } from '../shared/settings/portable-settings.ts';
import { secretUses } from '../shared/settings/secret-uses.ts';
import { environmentSecrets } from '../shared/settings/secrets.ts';
import { parseSettings, saveSettings } from '../shared/settings/settings-store.ts';
import { ticketApprovalSchema } from '../shared/settings/ticket-approval.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import { decide } from '../shared/tickets/decide.ts';
import { fits } from '../shared/tickets/pattern.ts';
import { readPostedRequest } from '../shared/tickets/posted-request.ts';

test('patterns', () => {
  const table: readonly (readonly [string, string, boolean])[] = [
    ['CHG#######', 'CHG0012345', true],
    ['CHG#######', 'chg0012345', true],
    ['CHG#######', 'CHG001234', false],
    ['CHG#######', 'CHG00123456', false],
    ['CHG#######', 'CHG00l2345', false],
    ['*', '', true],
    ['*', 'anything\nat all', true],
    ['', '', true],
    ['INC*7', 'INC17 and 7', true],
    ['INC*7', 'INC17 and 8', false],
    ['a*b*c', 'axxbyybzzc', true],
    ['a*b*c', 'axxcyyb', false],
    ['?', 'é', true],
    ['?', '\u{1F600}', true],
    ['?', '', false],
    ['a.c', 'abc', false],
    ['(a+)+$', 'aaaa', false],
    ['[A-Z]', 'B', false],
    ['ÄRZTE\\*', 'ärzte\\-1', true],
  ];
  for (const [pattern, text, wanted] of table)
    assert.equal(fits(pattern, text), wanted, `${pattern} ${text}`);
});

test('no pattern makes the work explode', () => {
  // A backtracking matcher would never come back.
  assert.equal(fits('*a'.repeat(100), `${'a'.repeat(1000)}b`), false);
  assert.equal(fits('*a'.repeat(100), 'a'.repeat(1000)), true);
});

const approval = (rules: readonly object[], more: object = {}) =>
  ticketApprovalSchema.parse({ keySecret: 'key', rules, ...more });
const asked = (fields: Record<string, string> = {}, ticketId = 'CHG1') => ({
  requestId: 'r',
  ticketId,
  fields: { 'user.username': 'anna', 'jump_item.group': 'Servers', ...fields },
});
const noon = Date.UTC(2026, 10, 18, 12);

test('the first rule that fits decides, with all that it names', () => {
  const rules = approval(
    [
      { name: 'banned', decision: 'deny', users: ['mallory', 'ext-*'], message: 'Not you.' },
      { name: 'emergency', decision: 'allow', tickets: ['EMG*'], custom: { reason: 'emergency' } },
      { name: 'databases', decision: 'forward', groups: ['DB *'], sites: ['other', 'main'] },
      { name: 'changes', decision: 'allow', tickets: ['CHG#', 'CHG##'], groups: ['servers'] },
    ],
    { otherwiseMessage: 'No rule.', ticketSystem: { url: 'https://tickets.example.com/' } },
  );
  const told = (fields: Record<string, string>, ticket?: string, site = 'main') =>
    decide(rules, site, asked(fields, ticket), noon);
  assert.deepEqual(told({ 'user.username': 'EXT-7' }, 'EMG1'), {
    decision: 'deny',
    rule: 'banned',
    message: 'Not you.',
  });
  assert.deepEqual(told({}, 'emg1'), {
    decision: 'allow',
    rule: 'emergency',
    custom: { reason: 'emergency' },
  });
  assert.deepEqual(told({ 'jump_item.group': 'db prod' }), { decision: 'forward', rule: 'databases' });
  assert.equal(told({ 'jump_item.group': 'db prod' }, 'CHG1', 'third').decision, 'deny');
  assert.deepEqual(told({}, 'CHG12'), { decision: 'allow', rule: 'changes' });
  assert.deepEqual(told({}, 'CHG123'), { decision: 'deny', message: 'No rule.' });
  // A request that does not say what a rule asks for does not fit it.
  const bare = { requestId: 'r', ticketId: 'CHG1', fields: {} };
  assert.equal(decide(rules, 'main', bare, noon).decision, 'deny');
});

test('hours hold by the clock on the wall, overnight, on weekdays and over daylight saving', () => {
  const at = (hours: object, iso: string) =>
    decide(approval([{ name: 'hours', decision: 'allow', hours }]), 'main', asked(), Date.parse(iso))
      .decision;
  const day = { from: '08:00', to: '18:00', timeZone: 'Europe/Berlin' };
  const week = { ...day, weekdays: ['mon', 'tue', 'wed', 'thu', 'fri'] };
  const night = { from: '22:00', to: '06:00', timeZone: 'America/New_York', weekdays: ['fri'] };
  const table: readonly (readonly [object, string, 'allow' | 'deny'])[] = [
    [day, '2026-01-14T07:00:00Z', 'allow'],
    [day, '2026-01-14T06:59:59Z', 'deny'],
    [day, '2026-01-14T16:59:59Z', 'allow'],
    [day, '2026-01-14T17:00:00Z', 'deny'],
    // In summer the same hours are an hour earlier.
    [day, '2026-07-14T06:00:00Z', 'allow'],
    [day, '2026-07-14T16:00:00Z', 'deny'],
    // On the very day of the change, 29 March 2026.
    [day, '2026-03-29T06:00:00Z', 'allow'],
    [day, '2026-03-29T05:59:00Z', 'deny'],
    [week, '2026-11-20T10:00:00Z', 'allow'],
    [week, '2026-11-21T10:00:00Z', 'deny'],
    // Friday night in New York: from Saturday 03:00 UTC to Saturday 11:00 UTC.
    [night, '2026-11-21T03:00:00Z', 'allow'],
    [night, '2026-11-21T10:59:00Z', 'allow'],
    [night, '2026-11-21T11:00:00Z', 'deny'],
    [night, '2026-11-22T03:00:00Z', 'deny'],
    [night, '2026-11-20T10:00:00Z', 'deny'],
    [{ from: '00:00', to: '23:59', timeZone: 'UTC' }, '2026-11-21T23:59:00Z', 'deny'],
  ];
  for (const [hours, iso, wanted] of table)
    assert.equal(at(hours, iso), wanted, `${JSON.stringify(hours)} ${iso}`);
});

test('what an appliance posts is read, and what is none of its requests is not', () => {
  const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();
  const whole = {
    request_id: 'opaque+/=\u{1F600}',
    ticket_id: 'CHG 1&2',
    response_url: 'https://evil.example.com/api/endpoint_approval',
    'jump_item.computer_name': 'srv',
    'jump_item.custom.code_1': 'v',
    'user.username': 'ännä',
    'other.thing': 'x',
  };
  assert.deepEqual(readPostedRequest(form(whole)), {
    requestId: whole.request_id,
    ticketId: whole.ticket_id,
    fields: { 'jump_item.computer_name': 'srv', 'jump_item.custom.code_1': 'v', 'user.username': 'ännä' },
  });
  assert.equal(readPostedRequest(form({ ...whole, request_id: 'i'.repeat(255) }))?.requestId.length, 255);
  const none = [
    '',
    '{"request_id":"a","ticket_id":"b"}',
    form({ ticket_id: 'a' }),
    form({ request_id: '', ticket_id: 'a' }),
    form({ request_id: 'a' }),
    form({ request_id: 'i'.repeat(256), ticket_id: 'a' }),
    form({ request_id: 'a', ticket_id: 't'.repeat(1001) }),
  ];
  for (const body of none) assert.equal(readPostedRequest(body), undefined, body.slice(0, 60));
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`user.f${at}`, 'x'.repeat(3000)]));
  const read = readPostedRequest(form({ request_id: 'a', ticket_id: 'b', ...many }));
  assert.equal(Object.keys(read?.fields ?? {}).length, 200);
  assert.equal(read?.fields['user.f0']?.length, 2000);
});

const site = (more: object) => ({
  id: 'main',
  name: 'Main',
  host: 'main.example.com',
  account: { kind: 'oauth', clientId: 'c', secret: 's' },
  ...more,
});
const document = (ticketApproval: object | undefined, ...sites: object[]) => ({
  sites,
  ...(ticketApproval ? { application: { ticketApproval: { keySecret: 'key', ...ticketApproval } } } : {}),
});

test('settings that cannot work are refused with their place', () => {
  const rule = { name: 'r', decision: 'allow' };
  const table: readonly (readonly [unknown, RegExp])[] = [
    [document(undefined, site({ ticketSecret: 'hook' })), /sites\[0\]\.ticketSecret.*not set/],
    [document({}, site({ ticketSecret: 'hook', product: 'RS' })), /ticketSecret.*Remote Support/],
    [
      document(
        {},
        site({ ticketSecret: 'hook' }),
        site({ id: 'b', host: 'b.example.com', ticketSecret: 'hook' }),
      ),
      /sites\[1\]\.ticketSecret.*another site/,
    ],
    [document({ otherwise: 'forward' }), /ticketApproval\.otherwise.*no ticket system/],
    [document({ rules: [{ ...rule, decision: 'forward' }] }), /rules\[0\]\.decision.*no ticket system/],
    [document({ rules: [{ ...rule, sites: ['nowhere'] }] }), /rules\[0\]\.sites.*no site "nowhere"/],
    [document({ rules: [{ ...rule, message: 'm' }] }), /rules\[0\]\.message.*denied/],
    [document({ rules: [{ ...rule, decision: 'deny', custom: { a: 'b' } }] }), /rules\[0\]\.custom/],
    [document({ otherwiseMessage: 'm'.repeat(256) }), /otherwiseMessage.*256 characters/],
    [document({ otherwise: 'allow', otherwiseMessage: 'm' }), /otherwiseMessage.*denied/],
    [document({ rules: [{ ...rule, hours: { from: '8:00', to: '9:00', timeZone: 'UTC' } }] }), /hours\.from/],
    [document({ rules: [{ ...rule, hours: { from: '08:00', to: '08:00', timeZone: 'UTC' } }] }), /hours\.to/],
    [
      document({ rules: [{ ...rule, hours: { from: '08:00', to: '09:00', timeZone: 'Mars/Base' } }] }),
      /hours\.timeZone/,
    ],
    [document({ ticketSystem: { url: 'http://tickets.example.com/' } }), /ticketSystem\.url.*https/],
    [document({ keySecret: 'not a name' }), /keySecret/],
    [document({ waitMinutes: 61 }), /waitMinutes/],
  ];
  for (const [input, words] of table) assert.throws(() => parseSettings(input), words);
});

test('an export carries the rules and names the secrets, and an import takes them back', async (t) => {
  const state = openSqliteState(':memory:');
  t.after(() => state.close());
  const input = document(
    {
      rules: [{ name: 'r', decision: 'deny', tickets: ['X*'], message: 'No.' }],
      ticketSystem: { url: 'https://tickets.example.com/a', signingSecret: 'sign' },
    },
    site({ ticketSecret: 'hook', product: 'PRA' }),
  );
  const { settings } = await saveSettings(state, input);
  const exported = await exportSettings(settings, environmentSecrets({}), 0);
  assert.deepEqual(exported.secrets.map(({ name, state: known }) => [name, known]).sort(), [
    ['hook', 'missing'],
    ['key', 'missing'],
    ['s', 'missing'],
    ['sign', 'missing'],
  ]);
  assert.deepEqual(secretUses(settings).find(({ name }) => name === 'key')?.usedBy, [
    'application.ticketApproval.keySecret',
  ]);
  const again = parseSettings(settingsInExport(JSON.parse(JSON.stringify(exported))));
  assert.deepEqual(again.application.ticketApproval, settings.application.ticketApproval);
  assert.equal(again.sites[0]?.ticketSecret, 'hook');
});
