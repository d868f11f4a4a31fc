import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogFields } from '../shared/log.ts';
import { failsWith } from './appliance-client-support.ts';
import { bench, clientOf } from './command-api-support.ts';

const id = 'opaque+/= id\u{1F600}';

test('an answer reaches the appliance as it was given', async (t) => {
  const { site, client } = await bench(t, 'PRA');
  site.operations.approvalsWaiting.add(id).add('second');
  await client.approve({
    response_id: id,
    response: 'allow',
    custom: { external_key: 'CHG 1', custom_field1: 'ü&=' },
  });
  await client.approve({ response_id: 'second', response: 'deny', message: 'Not in the change window.' });
  assert.deepEqual(
    site.operations.approvals.map((approval) => ({ ...approval })),
    [
      {
        response_id: id,
        response: 'allow',
        'session.custom.external_key': 'CHG 1',
        'session.custom.custom_field1': 'ü&=',
      },
      { response_id: 'second', response: 'deny', message: 'Not in the change window.' },
    ],
  );
  // It takes no token.
  assert.deepEqual(
    site.log.map(({ request }) => request),
    ['endpoint_approval', 'endpoint_approval'],
  );
});

test('a request that is not known or has timed out, and an appliance without a ticket system', async (t) => {
  const { site, client } = await bench(t, 'PRA');
  const answer = () => client.approve({ response_id: id, response: 'allow' });
  const unknown = await failsWith(answer(), 'item', 'approval-not-valid');
  assert.ok(!unknown.message.includes(id));
  site.operations.approvalsWaiting.add(id);
  await answer();
  await failsWith(answer(), 'item', 'approval-not-valid');
  site.operations.hasTicketSystem = false;
  await failsWith(answer(), 'terminal', 'no-ticket-system', /Jump Policies/);
});

test('an answer that is lost is sent again, and what that finds is told truly', async (t) => {
  const { site } = await bench(t, 'PRA');
  const client = clientOf(site, { product: 'PRA', idleMs: 1500 });
  t.after(() => client.close());
  const answer = () => client.approve({ response_id: id, response: 'deny' });
  // Refused before it was worked on: the second one is taken.
  site.operations.approvalsWaiting.add(id);
  site.faults.add({ kind: 'server-error' }, { request: 'endpoint_approval' });
  await answer();
  assert.equal(site.operations.approvals.length, 1);
  // Taken, and the answer was lost on the way: the second one finds the id used.
  site.operations.approvalsWaiting.add(id);
  site.faults.add({ kind: 'stall' }, { request: 'endpoint_approval' });
  await failsWith(answer(), 'item', 'outcome-unknown', /may have been taken/);
  assert.equal(site.operations.approvals.length, 2);
});

test('limits hold on both sides, and nothing over them is sent', async (t) => {
  const { site, client } = await bench(t, 'PRA');
  const longest = 'i'.repeat(255);
  site.operations.approvalsWaiting.add(longest);
  await client.approve({ response_id: longest, response: 'deny', message: '\u{1F600}'.repeat(255) });
  const sent = site.log.length;
  const refused = [
    [{ response_id: `${longest}i`, response: 'deny' }, /response_id: has 256 characters/],
    [{ response_id: '', response: 'deny' }, /response_id: is empty/],
    [{ response_id: 'a', response: 'maybe' }, /response: give allow or deny/],
    [{ response_id: 'a', response: 'deny', message: 'm'.repeat(256) }, /message: has 256 characters/],
    [{ response_id: 'a', response: 'deny', custom: { a: 'x'.repeat(1025) } }, /session\.custom\.a: has 1025/],
    [{ request_id: 'a', response: 'deny' }, /response_id: is required/],
  ] as const;
  for (const [approval, words] of refused)
    await failsWith(client.approve(approval as never), 'terminal', 'bad-parameter', words);
  assert.equal(site.log.length, sent);
});

test('the id is in no log line, and RS has no approvals', async (t) => {
  const { site } = await bench(t, 'PRA');
  const lines: string[] = [];
  const note = (message: string, fields?: LogFields) => void lines.push(JSON.stringify({ message, fields }));
  const client = clientOf(site, {
    log: { debug: note, info: note, warn: note, error: note },
    product: 'PRA',
  });
  site.operations.approvalsWaiting.add('REQUEST-9');
  await client.approve({ response_id: 'REQUEST-9', response: 'allow' });
  assert.ok(lines.length > 0 && !lines.join().includes('REQUEST-9'));
  client.close();
  const rs = await bench(t, 'RS');
  await failsWith(
    rs.client.approve({ response_id: 'a', response: 'allow' }),
    'terminal',
    'not-of-this-product',
  );
});
