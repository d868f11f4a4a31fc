import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Failure } from '../shared/errors.ts';
import { takeSignedAnswer } from '../shared/tickets/signed-answer.ts';
import {
  canary,
  signatureOf,
  signingSecret,
  type TicketOffice,
  ticketOffice,
  ticketSystem,
} from './support/ticket-office.ts';

const MINUTE = 60_000;

async function forwarding(t: TestContext, reply: { status: number; body: string }, more: object = {}) {
  const system = await ticketSystem(t, reply);
  const office = await ticketOffice(t, { otherwise: 'forward', ticketSystem: system.setting, ...more });
  return { ...office, system };
}

/** A later answer of the ticket system; resolves to the code of what was wrong, or `taken`. */
async function answerLater(
  { desk }: TicketOffice,
  id: string,
  body: unknown,
  sent: {
    readonly as?: string;
    readonly at?: number;
    readonly secret?: string;
    readonly signed?: string;
  } = {},
): Promise<string> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const timestamp = String(sent.at ?? Math.floor(desk.clock.now / 1000));
  const headers = new Headers({
    'webhook-id': sent.as ?? id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,b2xk ${signatureOf(sent.as ?? id, timestamp, sent.signed ?? text, sent.secret ?? signingSecret)}`,
  });
  try {
    await takeSignedAnswer(desk.services, { id, headers, body: async () => text });
    return 'taken';
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    assert.ok(!error.message.includes('CANARY'));
    return error.code;
  }
}

test('a ticket system that answers at once', async (t) => {
  const answer = JSON.stringify({ response: 'allow', custom: { external_key: canary.ticket } });
  const office = await forwarding(t, { status: 200, body: answer });
  assert.equal(await office.post({ 'jump_item.custom.code': 'v' }), 200);
  assert.equal((await office.request()).state, 'forward');
  office.nowhere();
  await office.tick();
  const [posted, ...more] = office.system.posted;
  assert.ok(posted && more.length === 0);
  const { id, receivedAt, decideBy, decision, outcome } = await office.request();
  assert.deepEqual(posted.body, {
    id,
    receivedAt: new Date(receivedAt).toISOString(),
    answerBy: new Date(decideBy).toISOString(),
    site: { id: 'main', name: 'Main' },
    ticketId: canary.ticket,
    jumpItem: { computer_name: 'srv-1', group: 'Servers', 'custom.code': 'v' },
    user: { username: 'anna', email_address: canary.email },
  });
  assert.ok(!posted.text.includes(canary.request), 'the id that answers the appliance stays here');
  const timestamp = String(posted.headers['webhook-timestamp']);
  assert.equal(posted.headers['webhook-id'], id);
  assert.equal(posted.headers['webhook-signature'], signatureOf(id, timestamp, posted.text));
  assert.deepEqual([decision, outcome], [{ response: 'allow', by: 'ticket system' }, 'answered']);
  assert.deepEqual(office.told(), [{ response: 'allow', 'session.custom.external_key': canary.ticket }]);
  office.nowhere();
});

test('a ticket system that answers later, signed, and again', async (t) => {
  for (const reply of [
    { status: 202, body: '' },
    { status: 200, body: '{"accepted":true}' },
  ]) {
    const office = await forwarding(t, reply);
    await office.post();
    await office.tick();
    const { id, state } = await office.request();
    assert.equal(state, 'wait');
    office.desk.clock.now += 2 * MINUTE;
    await office.tick();
    assert.deepEqual([office.system.posted.length, office.told()], [1, []], 'it is asked once');
    const denied = { response: 'deny', message: `${canary.ticket} is closed` };
    assert.equal(await answerLater(office, id, denied), 'taken');
    office.nowhere();
    assert.equal(await answerLater(office, id, denied), 'taken');
    await office.tick();
    assert.deepEqual(office.told(), [denied]);
    assert.equal(await answerLater(office, id, denied), 'taken');
    assert.equal(await answerLater(office, id, { response: 'allow' }), 'ticket-decided');
    await office.tick();
    assert.deepEqual(office.told(), [denied]);
    office.nowhere();
  }
});

test('an answer that is not signed for this request, now, with our secret, is none', async (t) => {
  const office = await forwarding(t, { status: 202, body: '' });
  await office.post();
  await office.post({ request_id: 'another' });
  await office.tick();
  const [one = '', other = ''] = office.system.posted.map(({ body }) => body.id as string);
  const allow = { response: 'allow' };
  const now = office.desk.clock.now / 1000;
  for (const sent of [
    { as: other },
    { secret: 'guessed' },
    { at: now - 301 },
    { at: now + 301 },
    { at: Number.NaN },
    { signed: '{"response":"deny"}' },
  ])
    assert.equal(await answerLater(office, one, allow, sent), 'unauthenticated', JSON.stringify(sent));
  const none = { id: one, headers: new Headers(), body: async () => '{}' };
  await assert.rejects(takeSignedAnswer(office.desk.services, none), /Sign the answer/);
  // Signed, but no answer.
  const odd = [
    '',
    '[]',
    'null',
    '{"response":"maybe"}',
    '{"response":"allow","more":1}',
    { ...allow, message: 'm' },
    { response: 'deny', message: 'm'.repeat(256) },
    { response: 'deny', custom: { a: 'b' } },
  ];
  for (const body of odd)
    assert.equal(await answerLater(office, one, body), 'bad-request', JSON.stringify(body));
  assert.equal(await answerLater(office, one, 'x'.repeat(20_000)), 'body-too-large');
  assert.equal(await answerLater(office, 'f'.repeat(32), allow), 'not-found');
  assert.equal(await answerLater(office, '../settings', allow), 'not-found');
  await office.tick();
  assert.deepEqual(office.told(), []);
});

test('without a signing secret nobody can answer by signature', async (t) => {
  const system = await ticketSystem(t, { status: 202, body: '' });
  const { signingSecret: _none, ...unsigned } = system.setting;
  const office = await ticketOffice(t, { otherwise: 'forward', ticketSystem: unsigned });
  await office.post();
  await office.tick();
  assert.equal(system.posted[0]?.headers['webhook-signature'], undefined);
  assert.equal(
    await answerLater(office, (await office.request()).id, { response: 'allow' }),
    'unauthenticated',
  );
});

test('a ticket system that is down, then broken, then up, is asked until it answers', async (t) => {
  const office = await forwarding(t, { status: 503, body: `${canary.ticket} not now` }, { waitMinutes: 30 });
  await office.post();
  const bodies = [
    [503, `${canary.ticket} not now`],
    [400, `${canary.ticket} unknown`],
    [200, `${canary.ticket} <html>`],
    [200, '{"response":"perhaps"}'],
    [302, ''],
  ] as const;
  const codes: (string | undefined)[] = [];
  for (const [status, body] of bodies) {
    Object.assign(office.system.reply, { status, body });
    await office.tick();
    const { state, failure } = await office.request();
    assert.equal(state, 'forward');
    codes.push(failure?.code);
    office.desk.clock.now += 3 * MINUTE;
  }
  assert.deepEqual(codes, [
    'webhook-deferred',
    'webhook-refused',
    'ticket-answer-malformed',
    'ticket-answer-malformed',
    'webhook-redirect',
  ]);
  office.nowhere();
  Object.assign(office.system.reply, { status: 200, body: '{"response":"allow"}' });
  await office.tick();
  assert.equal(office.system.posted.length, 6);
  assert.deepEqual(office.told(), [{ response: 'allow' }]);
});

test('when nobody answers in time the user is denied, and a later answer comes too late', async (t) => {
  const late = { waitMinutes: 2, lateMessage: 'Call 112.' };
  for (const reply of [
    { status: 202, body: '' },
    { status: 500, body: '' },
  ]) {
    const office = await forwarding(t, reply, late);
    await office.post();
    await office.tick();
    assert.deepEqual(office.told(), []);
    office.desk.clock.now += 2 * MINUTE;
    await office.tick();
    assert.deepEqual(office.told(), [{ response: 'deny', message: 'Call 112.' }]);
    const { id, decision } = await office.request();
    assert.equal(decision?.by, 'time');
    assert.equal(await answerLater(office, id, { response: 'allow' }), 'ticket-decided');
  }
});

test('an answer that comes while the ticket system is still being asked counts', async (t) => {
  const office = await forwarding(t, { status: 200, body: '{"response":"deny"}' });
  const { reply } = office.system;
  await office.post();
  const { id } = await office.request();
  const answered: Promise<string>[] = [];
  // Before it says anything to the question itself.
  Object.defineProperty(reply, 'status', {
    get() {
      if (answered.length === 0) answered.push(answerLater(office, id, { response: 'allow' }));
      return 200;
    },
  });
  await office.tick();
  assert.deepEqual(await Promise.all(answered), ['taken']);
  await office.tick();
  const decided = (await office.request()).decision?.response;
  assert.equal(office.told().length, 1);
  assert.deepEqual(office.told(), [{ response: decided }]);
});

test('an operator answers by hand, a reader sees it, and nothing shows the ticket', async (t) => {
  const office = await forwarding(t, { status: 202, body: '' });
  const { call } = office.desk;
  await office.post();
  await office.post({ request_id: 'another' });
  await office.tick();
  const page = await call('GET', '/tickets?limit=1', undefined, 'Reader');
  assert.deepEqual([page.status, page.body.items.length, typeof page.body.next], [200, 1, 'string']);
  const rest = await call('GET', `/tickets?next=${page.body.next}`, undefined, 'Reader');
  const ids = [...page.body.items, ...rest.body.items].map(({ id }: { id: string }) => id);
  assert.equal(new Set(ids).size, 2);
  const [id = '', other] = ids;
  const body = { response: 'deny', message: `No ${canary.ticket}` };
  for (const role of ['Reader', 'EvidenceViewer'] as const)
    assert.equal((await call('POST', `/tickets/${id}/answer`, body, role)).status, 403);
  const refused = await call(
    'POST',
    `/tickets/${id}/answer`,
    { response: 'deny', message: 'm'.repeat(256) },
    'Operator',
  );
  assert.deepEqual([refused.status, refused.body.errors[0].field], [400, 'message']);
  const answered = await call('POST', `/tickets/${id}/answer`, body, 'Operator');
  assert.deepEqual(
    [answered.status, answered.body.response, answered.body.by, answered.body.outcome],
    [200, 'deny', 'Operator person', 'answered'],
  );
  assert.deepEqual(office.told(), [body]);
  assert.equal((await call('POST', `/tickets/${id}/answer`, { response: 'allow' }, 'Operator')).status, 409);
  assert.equal((await call('GET', `/tickets/${other}`, undefined, 'Reader')).body.state, 'wait');
  assert.equal((await call('GET', `/tickets/${'0'.repeat(32)}`)).status, 404);
  assert.equal((await call('GET', '/tickets/no-id')).status, 400);
  assert.ok(!JSON.stringify([page.body, rest.body, answered.body]).includes('CANARY'));
  office.nowhere();
});
