import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { Failure } from '../shared/errors.ts';
import { sendWebhook } from '../shared/notifications/webhook.ts';
import { webhookSchema } from '../shared/settings/notifications.ts';
import { environmentSecrets } from '../shared/settings/secrets.ts';
import { tlsServer } from './tls-server-support.ts';

const key = 'canary "1&signing=secret/+ü';
const now = Date.UTC(2026, 0, 2, 3, 4, 5);
const message = { id: 'abc123', subject: 'Failed: x', text: 'Lines\n', troubles: [{ key: 'failed|x' }] };

interface Received {
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** An HTTPS receiver that answers as the test says. */
async function receiver(context: TestContext, answer: (reply: ServerResponse) => void) {
  const received: Received[] = [];
  const server = await tlsServer(context, async (request, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    received.push({ path: request.url, headers: request.headers, body });
    answer(reply);
  });
  return { ...server, received };
}

async function failsWith(
  work: Promise<unknown>,
  kind: Failure['kind'],
  code: string,
  words: RegExp,
): Promise<Failure> {
  const error = await work.then(
    (answer) => assert.fail(`it was sent: ${answer}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Failure, String(error));
  assert.deepEqual([error.kind, error.code], [kind, code], error.message);
  assert.match(error.message, words);
  assert.ok(!error.message.includes('\n'));
  assert.ok(!inspect(error, { depth: 20, showHidden: true }).includes('canary'), 'it carries no secret');
  return error;
}

test('a message is posted as JSON, signed with its time so that the receiver can check it', async (t) => {
  const { address, caPem, received } = await receiver(t, (reply) => reply.writeHead(202).end('queued'));
  const settings = webhookSchema.parse({
    url: `https://${address}/hooks/us`,
    signingSecret: 'sign',
    certificateAuthority: caPem,
  });
  const answer = await sendWebhook(settings, environmentSecrets({ SECRET_SIGN: key }), message, now);
  assert.equal(answer, '202 queued');
  const [got] = received;
  assert.ok(got);
  assert.equal(got.path, '/hooks/us');
  assert.match(got.headers['content-type'] ?? '', /^application\/json/);
  assert.equal(got.headers['webhook-id'], 'abc123');
  assert.equal(got.headers['webhook-timestamp'], String(now / 1000));
  const signed = createHmac('sha256', key)
    .update(`abc123.${now / 1000}.${got.body}`)
    .digest('base64');
  assert.equal(got.headers['webhook-signature'], `v1,${signed}`);
  assert.deepEqual(JSON.parse(got.body), {
    id: 'abc123',
    at: '2026-01-02T03:04:05.000Z',
    subject: 'Failed: x',
    text: 'Failed: x\n\nLines\n',
    troubles: [{ key: 'failed|x' }],
  });
});

test('a signing secret of the standard’s form is base64', async (t) => {
  const { address, caPem, received } = await receiver(t, (reply) => reply.end());
  const raw = Buffer.from('0123456789abcdef01234567');
  const settings = webhookSchema.parse({
    url: `https://${address}/`,
    signingSecret: 'sign',
    certificateAuthority: caPem,
  });
  const secrets = environmentSecrets({ SECRET_SIGN: `whsec_${raw.toString('base64')}` });
  await sendWebhook(settings, secrets, message, now);
  const [got] = received;
  const signed = createHmac('sha256', raw)
    .update(`abc123.${now / 1000}.${got?.body}`)
    .digest('base64');
  assert.equal(got?.headers['webhook-signature'], `v1,${signed}`);
});

test('an address that is a secret is used and never told, whatever goes wrong', async (t) => {
  const path = '/services/canary/T0?sig=canary%2F2';
  const { address, caPem, received } = await receiver(t, (reply) =>
    reply.writeHead(404).end(`no ${path} at https://${address}${path}`),
  );
  const settings = webhookSchema.parse({ urlSecret: 'hook', certificateAuthority: caPem });
  const secrets = (url: string) => environmentSecrets({ SECRET_HOOK: url });
  await failsWith(
    sendWebhook(settings, secrets(`https://${address}${path}`), message, now),
    'terminal',
    'webhook-refused',
    /The webhook at localhost:\d+ did not take the message: 404 no \*\*\*/,
  );
  assert.equal(received[0]?.path, path);
  assert.equal(received[0]?.headers['webhook-signature'], undefined);
  for (const wrong of ['canary', 'http://example.com/canary', 'ftp://canary/'])
    await failsWith(
      sendWebhook(settings, secrets(wrong), message, now),
      'terminal',
      'webhook-url',
      /The secret "hook" is no URL/,
    );
  await failsWith(
    sendWebhook(settings, secrets('https://127.0.0.1:1/canary'), message, now),
    'transient',
    'webhook-unreachable',
    /ECONNREFUSED/,
  );
});

test('answers that mean later are told apart from those that mean no; redirects are not followed', async (t) => {
  const answers: [number, Record<string, string>][] = [
    [429, { 'retry-after': '120' }],
    [503, {}],
    [400, {}],
    [302, { location: '/elsewhere' }],
  ];
  const { address, caPem, received } = await receiver(t, (reply) => {
    const [status, headers] = answers.shift() ?? [500, {}];
    reply.writeHead(status, headers).end('words\r\nof the server');
  });
  const settings = webhookSchema.parse({ url: `https://${address}/x`, certificateAuthority: caPem });
  const send = () => sendWebhook(settings, environmentSecrets({}), message, now);
  const throttled = await failsWith(send(), 'transient', 'webhook-deferred', /429 words of the server/);
  assert.equal(throttled.retryAfterMs, 120_000);
  await failsWith(send(), 'transient', 'webhook-deferred', /503/);
  await failsWith(send(), 'terminal', 'webhook-refused', /400/);
  await failsWith(send(), 'terminal', 'webhook-redirect', /answered 302/);
  assert.equal(received.length, 4);
});

test('a receiver whose certificate is not trusted gets nothing', async (t) => {
  const { address, received } = await receiver(t, (reply) => reply.end());
  const settings = webhookSchema.parse({ url: `https://${address}/` });
  await failsWith(
    sendWebhook(settings, environmentSecrets({}), message, now),
    'terminal',
    'webhook-certificate',
    /not trusted/,
  );
  assert.equal(received.length, 0);
});

test('plain HTTP goes to this machine alone, and a URL with a key in it does not stand in settings', async (t) => {
  const server = createServer((_request, reply) => reply.end('taken'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const settings = webhookSchema.parse({ url });
  assert.equal(await sendWebhook(settings, environmentSecrets({}), message, now), '200 taken');
  for (const refused of [
    'http://example.com/',
    'https://user:word@example.com/',
    'https://example.com/?sig=1',
    'file:///x',
    'no',
  ])
    assert.ok(!webhookSchema.safeParse({ url: refused }).success, refused);
  assert.ok(!webhookSchema.safeParse({}).success);
  assert.ok(!webhookSchema.safeParse({ url: 'https://example.com/', urlSecret: 'x' }).success);
});

test('a receiver that says too much or breaks off is no trouble', async (t) => {
  let long = true;
  const { address, caPem } = await receiver(t, (reply) => {
    if (long) reply.end('x'.repeat(1_000_000));
    else reply.destroy();
  });
  const settings = webhookSchema.parse({ url: `https://${address}/`, certificateAuthority: caPem });
  const answer = await sendWebhook(settings, environmentSecrets({}), message, now);
  assert.ok(answer.length < 400, String(answer.length));
  long = false;
  await failsWith(
    sendWebhook(settings, environmentSecrets({}), message, now),
    'transient',
    'webhook-unreachable',
    /could not be reached/,
  );
});
