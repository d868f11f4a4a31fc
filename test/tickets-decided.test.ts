import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listAudit } from '../shared/access/audit-list.ts';
import { Failure } from '../shared/errors.ts';
import { listTroubles } from '../shared/notifications/trouble-store.ts';
import { liveWork } from '../shared/runs/live-runs.ts';
import { enterTicket } from '../shared/runs/live-tickets.ts';
import { saveSettings } from '../shared/settings/settings-store.ts';
import { takeTicketRequest } from '../shared/tickets/take-request.ts';
import { forgetTickets } from '../shared/tickets/ticket-request.ts';
import { draftSettings } from './support/draft-settings.ts';
import { addressSecret, canary, type TicketOffice, ticketOffice } from './support/ticket-office.ts';

const allow = { rules: [{ name: 'all', decision: 'allow', custom: { external_key: 'approved' } }] };
const MINUTE = 60_000;

async function auditOf({ desk }: TicketOffice) {
  const { entries: items } = await listAudit(desk.services.state, { limit: 100 });
  return items.map(({ operation, outcome, target }) => ({ operation, outcome, ...target })).reverse();
}

test('what the rules decide reaches the appliance, and stands in the audit log by the hash of the ticket', async (t) => {
  const office = await ticketOffice(t, allow);
  assert.equal(await office.post(), 200);
  const kept = await office.request();
  assert.deepEqual([kept.state, kept.decision], ['answer', { response: 'allow', by: 'rule all' }]);
  assert.deepEqual(office.told(), []);
  office.nowhere();
  await office.tick();
  assert.deepEqual(office.told(), [{ response: 'allow', 'session.custom.external_key': 'approved' }]);
  assert.equal(office.main.operations.approvals[0]?.response_id, canary.request);
  // It takes no token, and goes nowhere else.
  assert.deepEqual(
    office.main.log.map(({ request }) => request),
    ['endpoint_approval'],
  );
  const { id, outcome, sealed, ticketHash } = await office.request();
  assert.deepEqual([outcome, sealed], ['answered', undefined]);
  const common = { site: 'main', ticketRequest: id, ticketHash, response: 'allow', by: 'rule all' };
  assert.deepEqual(await auditOf(office), [
    { operation: 'decideTicketRequest', outcome: 'done', ...common, user: 'anna', jumpItem: 'srv-1' },
    { operation: 'settleTicketRequest', outcome: 'answered', ...common },
  ]);
  assert.deepEqual((await liveWork(office.desk.services.state)).tickets, []);
  office.nowhere();
});

test('one who is denied is told why; the same ticket has the same hash, another has another', async (t) => {
  const office = await ticketOffice(t, { otherwiseMessage: 'ü'.repeat(255) });
  await office.post({ request_id: 'one' });
  await office.post({ request_id: 'two' });
  await office.post({ request_id: 'three', ticket_id: 'CHG2' });
  await office.tick();
  const denied = { response: 'deny', message: 'ü'.repeat(255) };
  assert.deepEqual(office.told(), [denied, denied, denied]);
  const hashes = (await office.requests()).map(({ ticketHash }) => ticketHash);
  assert.equal(new Set(hashes).size, 2);
  for (const hash of hashes) assert.match(hash, /^[0-9a-f]{32}$/);
  office.nowhere();
});

test('the same request posted again is one, at once, while it waits and after it was answered', async (t) => {
  const office = await ticketOffice(t, allow);
  assert.deepEqual(await Promise.all([1, 2, 3].map(() => office.post())), [200, 200, 200]);
  await Promise.all([office.tick(), office.tick(), office.tick()]);
  assert.equal(office.told().length, 1);
  assert.equal(await office.post(), 200);
  await office.tick();
  assert.equal(office.told().length, 1);
  assert.equal((await auditOf(office)).length, 2);
  assert.deepEqual((await liveWork(office.desk.services.state)).tickets, []);
});

test('an address without a valid secret is none, and what is posted there is not read', async (t) => {
  const office = await ticketOffice(t, allow);
  const take = (secret: string, body = async (): Promise<string> => assert.fail('read')) =>
    takeTicketRequest(office.desk.services, { secret, body });
  const wrong = ['', 'wrong', addressSecret.slice(1), `${addressSecret}x`, 'x'.repeat(100_000), '\0'];
  for (const secret of wrong) assert.deepEqual(await take(secret), { status: 404 });
  office.desk.secrets.set('hook', 'too-short');
  assert.deepEqual(await take('too-short'), { status: 404 });
  office.desk.secrets.delete('hook');
  assert.deepEqual(await take(addressSecret), { status: 404 });
  const { settings, etag } = await draftSettings(office.desk.services.state);
  office.desk.secrets.set('hook', addressSecret);
  settings.sites.push({
    ...settings.sites[0],
    id: 'two',
    host: 'two.example.com',
    ticketSecret: 'hook2',
  } as never);
  await saveSettings(office.desk.services.state, settings, etag);
  office.desk.secrets.set('hook2', addressSecret);
  assert.deepEqual(await take(addressSecret), { status: 404 }, 'it cannot be told whose it is');
  assert.deepEqual(await office.requests(), []);
});

test('what is no request is refused, and while secrets are away nothing is taken', async (t) => {
  const office = await ticketOffice(t, allow);
  const take = (text: string) =>
    takeTicketRequest(office.desk.services, { secret: addressSecret, body: async () => text });
  assert.deepEqual(await take('request_id=a'), { status: 400 });
  assert.deepEqual(await take(`request_id=a&ticket_id=b&user.x=${'x'.repeat(65_536)}`), { status: 413 });
  office.desk.secrets.set('key', 'too short');
  await assert.rejects(office.post(), (error: Failure) => error.code === 'ticket-key-short');
  const { secrets } = office.desk.services;
  t.mock.method(secrets, 'get', async () => {
    throw new Failure('transient', 'unreachable', 'The vault is away.');
  });
  assert.equal(await office.post(), 503);
  assert.deepEqual(await office.requests(), []);
});

test('a request that timed out is settled, and nobody is alarmed', async (t) => {
  const office = await ticketOffice(t, allow);
  await office.post();
  office.main.operations.approvalsWaiting.clear();
  await office.tick();
  const { outcome, failure } = await office.request();
  assert.deepEqual([outcome, failure?.code], ['too-late', 'approval-not-valid']);
  assert.deepEqual(await listTroubles(office.desk.services.state), []);
  assert.equal((await auditOf(office)).at(-1)?.outcome, 'too-late');
  office.nowhere();
});

test('an appliance without a ticket system is told of once, with what to do', async (t) => {
  const office = await ticketOffice(t, allow);
  await office.post();
  office.main.operations.hasTicketSystem = false;
  await office.tick();
  assert.equal((await office.request()).outcome, 'no-ticket-system');
  const [trouble, ...more] = (await listTroubles(office.desk.services.state)).map(({ value }) => value);
  assert.deepEqual([trouble?.kind, more], ['alarm', []]);
  assert.match(trouble?.message ?? '', /\/login > Jump > Jump Policies/);
  await office.tick();
  assert.equal(office.main.log.length, 1);
});

test('an appliance that cannot be reached is told later, with pauses, for an hour', async (t) => {
  const office = await ticketOffice(t, allow);
  const { clock } = office.desk;
  await office.post();
  office.main.faults.add({ kind: 'server-error' }, { request: 'endpoint_approval', times: 100 });
  await office.tick();
  const tried = office.main.log.length;
  assert.ok(tried > 1, 'it was tried again at once');
  const { state, failure, nextAt } = await office.request();
  assert.deepEqual([state, failure?.kind, nextAt > clock.now], ['answer', 'transient', true]);
  // Not before its time.
  await office.tick();
  assert.equal(office.main.log.length, tried);
  for (let minute = 0; minute < 20; minute++) {
    clock.now += MINUTE;
    await office.tick();
  }
  assert.equal((await office.request()).state, 'answer');
  office.main.faults.clear();
  clock.now += 3 * MINUTE;
  await office.tick();
  assert.equal((await office.request()).outcome, 'answered');
  assert.equal(office.told().length, 1);
  await office.post({ request_id: 'another' });
  office.main.faults.add({ kind: 'server-error' }, { request: 'endpoint_approval', times: 100 });
  clock.now += 66 * MINUTE;
  await office.tick();
  const given = (await office.requests()).find(({ outcome }) => outcome !== 'answered');
  assert.deepEqual([given?.state, given?.outcome], ['settled', 'not-answered']);
  assert.equal((await listTroubles(office.desk.services.state)).length, 1);
  office.nowhere();
});

test('what a host that died had taken, the next one answers', async (t) => {
  const first = await ticketOffice(t, allow);
  await first.post();
  // It dies before it does anything; so does one that had begun to send.
  await first.post({ request_id: 'begun' });
  const begun = Promise.withResolvers<void>();
  t.mock.method(first.desk.services, 'commands', () => ({
    approve: async () => {
      begun.resolve();
      return new Promise(() => {});
    },
  }));
  const waiting = (await liveWork(first.desk.services.state)).tickets;
  void first.tick();
  await begun.promise;
  await first.desk.close();
  const second = await ticketOffice(t, allow, { main: first.main, folder: first.desk.folder });
  assert.equal(waiting.length, 2);
  second.desk.clock.now += MINUTE;
  await second.tick();
  assert.deepEqual(
    (await second.requests()).map(({ outcome }) => outcome),
    ['answered', 'answered'],
  );
  assert.equal(second.told().length, 2);
  await second.desk.close();
});

test('an answer whose fate is not known is not told as too late', async (t) => {
  const first = await ticketOffice(t, allow);
  await first.post();
  const { commands } = first.desk.services;
  const sent = Promise.withResolvers<void>();
  t.mock.method(first.desk.services, 'commands', (site: Parameters<typeof commands>[0]) => ({
    // The host dies after the appliance has taken it.
    approve: async (approval: never) => {
      await commands(site).approve(approval);
      sent.resolve();
      return new Promise(() => {});
    },
  }));
  void first.tick();
  await sent.promise;
  await first.desk.close();
  const second = await ticketOffice(t, allow, { main: first.main, folder: first.desk.folder });
  second.desk.clock.now += MINUTE;
  await second.tick();
  assert.equal((await second.request()).outcome, 'perhaps-answered');
  assert.equal(second.told().length, 1);
  await second.desk.close();
});

test('without the audit log nobody is answered', async (t) => {
  const office = await ticketOffice(t, allow);
  await office.post();
  const batch = office.desk.services.state.batch.bind(office.desk.services.state);
  t.mock.method(office.desk.services.state, 'batch', async (...given: Parameters<typeof batch>) => {
    if (given[0] === 'audit') throw new Error('the store is away');
    return batch(...given);
  });
  await office.tick();
  assert.deepEqual(office.told(), []);
  assert.equal((await office.request()).failure?.code, 'audit-unavailable');
  t.mock.restoreAll();
  office.desk.clock.now += MINUTE;
  await office.tick();
  assert.equal(office.told().length, 1);
});

test('a key that was changed while a request waited is said; what its store knows anew is used', async (t) => {
  const office = await ticketOffice(t, allow);
  await office.post();
  const right = office.desk.secrets.get('key') ?? '';
  office.desk.secrets.set('key', 'another key, which is long enough too');
  await office.tick();
  assert.deepEqual(office.told(), []);
  assert.equal((await office.request()).failure?.code, 'ticket-key-changed');
  // This host remembers an old value until it is refused.
  const { secrets } = office.desk.services;
  const { get } = secrets;
  t.mock.method(secrets, 'get', async (name: string, refused?: string) =>
    name === 'key' && refused !== undefined ? right : get.call(secrets, name),
  );
  office.desk.clock.now += MINUTE;
  await office.tick();
  assert.equal(office.told().length, 1);
  office.nowhere();
});

test('what was settled is forgotten after two days, and what waits is never lost from sight', async (t) => {
  const office = await ticketOffice(t, allow);
  const { services, clock } = office.desk;
  await office.post();
  await office.tick();
  assert.equal(await forgetTickets(services.state, clock.now + 47 * 60 * MINUTE), 0);
  await office.post({ request_id: 'waits' });
  for (const { id } of (await liveWork(services.state)).tickets)
    await services.state.remove('runs', 'live', `ticket|${id}`);
  assert.equal(await forgetTickets(services.state, clock.now + 49 * 60 * MINUTE), 1);
  assert.equal((await liveWork(services.state)).tickets.length, 1);
  await office.tick();
  assert.equal(office.told().length, 2);
  // One that was entered and never kept goes away by itself.
  await enterTicket(services.state, 'f'.repeat(32), clock.now);
  await office.tick();
  assert.equal((await liveWork(services.state)).tickets.length, 1);
  clock.now += 6 * MINUTE;
  await office.tick();
  assert.equal((await liveWork(services.state)).tickets.length, 0);
});
