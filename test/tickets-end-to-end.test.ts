import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { liveWork } from '../shared/runs/live-runs.ts';
import { ticketsAtRest } from '../shared/tickets/tend-tickets.ts';
import { apiHeaders, startInstallation } from './support/installation.ts';
import { addressSecret, canary, signatureOf, signingSecret, ticketSystem } from './support/ticket-office.ts';

const key = 'the key of ticket approval, 32 or more characters';

test('an appliance asks over HTTP, rules and the ticket system decide, and it is told', async (t) => {
  const system = await ticketSystem(t, { status: 202, body: '' });
  const secrets: Record<string, string> = { hook: addressSecret, key, sign: signingSecret };
  const house = await startInstallation({
    hoursBack: 1,
    sites: { support: { product: 'PRA' } },
    site: { product: 'PRA' },
    ports: (ports) => ({
      ...ports,
      secrets: { get: async (name, refused) => secrets[name] ?? ports.secrets.get(name, refused) },
    }),
  });
  t.after(() => house.close());
  await house.changeSettings((draft) => {
    Object.assign(draft.sites[0] ?? {}, { ticketSecret: 'hook' });
    for (const schedule of draft.schedules) schedule.enabled = false;
    draft.application.ticketApproval = {
      keySecret: 'key',
      rules: [{ name: 'changes', decision: 'allow', tickets: ['OK*'] }],
      otherwise: 'forward',
      ticketSystem: system.setting,
      waitMinutes: 5,
      lateMessage: 'Late.',
    };
  });
  const { operations, log } = house.appliance();
  const { url } = house.stack.host;
  const post = async (address: string, body: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${url}/api/${address}`, { method: 'POST', body, headers });
    return { status: answer.status, text: await answer.text() };
  };
  const form = (ticket: string, request: string) => {
    operations.approvalsWaiting.add(request);
    return new URLSearchParams({
      request_id: request,
      ticket_id: ticket,
      'user.username': 'anna',
      'user.email_address': canary.email,
    }).toString();
  };
  const ask = (ticket: string, request: string, secret = addressSecret) =>
    post(`ticket-requests/${secret}`, form(ticket, request));
  const told = () => operations.approvals.map(({ response_id: id, response }) => [id, response]);

  assert.equal((await ask('OK1', 'r0', 'an-unknown-secret-of-nobody')).status, 404);
  assert.equal(
    (await fetch(`${url}/api/ticket-requests/${addressSecret}`, { headers: apiHeaders })).status,
    404,
  );
  assert.equal((await post(`ticket-requests/${addressSecret}`, 'x'.repeat(70_000))).status, 413);
  assert.deepEqual(await ask('OK1', 'r1'), { status: 200, text: '' });
  await ticketsAtRest();
  assert.deepEqual(told(), [['r1', 'allow']]);

  assert.equal((await ask(canary.ticket, canary.request)).status, 200);
  await ticketsAtRest();
  assert.deepEqual([system.posted.length, told().length], [1, 1]);
  const { id, ticketId } = system.posted[0]?.body ?? {};
  assert.equal(ticketId, canary.ticket);
  const answer = JSON.stringify({ response: 'deny', message: `${canary.ticket} is closed` });
  const now = String(Math.floor(house.services.now() / 1000));
  const signed = (text: string) => ({
    'webhook-id': id,
    'webhook-timestamp': now,
    'webhook-signature': signatureOf(id, now, text),
  });
  const unsigned = await post(`ticket-answers/${id}`, answer);
  assert.deepEqual([unsigned.status, JSON.parse(unsigned.text).code], [401, 'unauthenticated']);
  assert.equal((await post(`ticket-answers/${id}`, '{}', signed('{}'))).status, 400);
  const taken = await post(`ticket-answers/${id}`, answer, signed(answer));
  assert.deepEqual([taken.status, JSON.parse(taken.text)], [202, { id, response: 'deny' }]);
  await ticketsAtRest();
  assert.deepEqual(told().at(-1), [canary.request, 'deny']);

  // The ticket system is away for a while: the timer goes on with it.
  system.reply.status = 503;
  await ask('CHG-2', 'r3');
  await ticketsAtRest();
  assert.equal(told().length, 2);
  Object.assign(system.reply, { status: 200, body: '{"response":"allow"}' });
  house.passTime(120);
  await house.stack.host.fireTimer('schedule-tick');
  assert.deepEqual(told().at(-1), ['r3', 'allow']);
  assert.deepEqual((await liveWork(house.services.state)).tickets, []);

  const listed = await fetch(`${url}/api/tickets`, { headers: apiHeaders });
  const { items } = (await listed.json()) as { items: { outcome: string }[] };
  assert.deepEqual(
    items.map(({ outcome }) => outcome),
    ['answered', 'answered', 'answered'],
  );
  assert.equal((await fetch(`${url}/api/tickets`)).status, 401);
  assert.deepEqual(
    log.filter(({ request }) => request === 'endpoint_approval').length,
    3,
    'nobody was told twice',
  );
  await house.stack.host.fireTimer('housekeeping');
  await house.stack.host.idle();
  const kept = [JSON.stringify(house.log.lines), ...filesOf(house.data.folder)].join('\n');
  assert.ok(kept.includes('ticketHash'));
  for (const word of Object.values(canary)) assert.ok(!kept.includes(word), word);
});

function filesOf(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[])
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'utf8'));
}
