import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { LogLine } from '../shared/log.ts';
import { InsightsLog, type LogSender } from '../shared/runs/insights-log.ts';
import { insightsSender } from '../shared/runs/insights-sender.ts';
import { LogBook } from '../shared/runs/log-book.ts';
import { tlsServer } from './tls-server-support.ts';

// Else the library asks the machine where it is, and tells its maker.
process.env.APPLICATION_INSIGHTS_NO_STATSBEAT = 'true';

interface Envelope {
  readonly time: string;
  readonly iKey: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly data: {
    readonly baseType: string;
    readonly baseData: {
      readonly message: string;
      readonly severityLevel: string;
      readonly properties: Readonly<Record<string, string>>;
    };
  };
}

async function ingestion(t: TestContext, status = 200) {
  const envelopes: Envelope[] = [];
  const logins: (string | undefined)[] = [];
  const server = await tlsServer(t, async (request: IncomingMessage, reply) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
    const sent = (
      text.startsWith('[') ? JSON.parse(text) : text.split('\n').map((one) => JSON.parse(one))
    ) as Envelope[];
    envelopes.push(...sent);
    logins.push(request.headers.authorization);
    reply.writeHead(status, { 'content-type': 'application/json' });
    reply.end(JSON.stringify({ itemsReceived: sent.length, itemsAccepted: sent.length, errors: [] }));
  });
  const key = '00000000-0000-0000-0000-000000000001';
  return {
    envelopes,
    logins,
    sender: () =>
      insightsSender({
        connectionString: `InstrumentationKey=${key};IngestionEndpoint=https://${server.address}/`,
        tlsOptions: { ca: server.caPem },
        credential: {
          getToken: async () => ({
            token: 'token-of-the-identity',
            expiresOnTimestamp: Date.now() + 3_600_000,
          }),
        },
        retryOptions: { maxRetries: 0 },
      }),
  };
}

function bookTo(load: () => Promise<LogSender>) {
  const other: LogLine[] = [];
  const insights = new InsightsLog({
    load,
    fallback: { write: (line) => void other.push(line) },
    waitMs: 60_000,
  });
  return { log: new LogBook({ outputs: [insights], least: 'debug' }), other };
}

test('lines come to Application Insights as one line of JSON, by identity, and those of a run correlate', async (t) => {
  const { envelopes, logins, sender } = await ingestion(t);
  const { log, other } = bookTo(async () => sender());
  log.info('Run started', { run: 'run-1', site: 'main' });
  log.warn('Broken', { run: 'run-1', instance: 'run-1-g0', item: 'abc' });
  log.error('Elsewhere', { run: 'run-2' });
  log.debug('Nothing of a run');
  await log.flush();
  assert.deepEqual(other, []);
  assert.deepEqual(logins, ['Bearer token-of-the-identity']);
  const shown = envelopes.map(({ data: { baseData } }) => {
    const { level, message } = JSON.parse(baseData.message);
    return [baseData.severityLevel, level, message, baseData.properties.site, baseData.properties.item];
  });
  assert.deepEqual(shown, [
    ['Information', 'info', 'Run started', 'main', undefined],
    ['Warning', 'warn', 'Broken', undefined, 'abc'],
    ['Error', 'error', 'Elsewhere', undefined, undefined],
    ['Verbose', 'debug', 'Nothing of a run', undefined, undefined],
  ]);
  const operations = envelopes.map(({ tags }) => tags['ai.operation.id']);
  assert.match(operations[0] ?? '', /^[0-9a-f]{32}$/);
  assert.equal(operations[0], operations[1]);
  assert.notEqual(operations[0], operations[2]);
  assert.notEqual(operations[0], operations[3]);
  assert.ok(envelopes.every(({ data }) => data.baseType === 'MessageData'));
});

test('what Application Insights gives no answer to goes to the platform', async (t) => {
  const silent = await tlsServer(t, (request) => void request.resume());
  const { log, other } = bookTo(async () =>
    insightsSender(
      {
        connectionString: `InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=https://${silent.address}/`,
        tlsOptions: { ca: silent.caPem },
        retryOptions: { maxRetries: 0 },
      },
      { answerMs: 200, idleMs: 200 },
    ),
  );
  log.info('one');
  await log.flush();
  assert.deepEqual(
    other.map(({ message }) => message),
    ['one'],
  );
});

test('what Application Insights does not take goes to the platform, and later lines are sent again', async (t) => {
  const [refusing, busy, taking] = [await ingestion(t, 400), await ingestion(t, 503), await ingestion(t)];
  let which = refusing;
  const { log, other } = bookTo(async () => (records) => which.sender()(records));
  log.info('one');
  await log.flush();
  which = busy;
  log.info('two');
  await log.flush();
  which = taking;
  log.info('three');
  await log.flush();
  assert.deepEqual(
    other.map(({ message }) => message),
    ['one', 'two'],
  );
  assert.deepEqual(
    taking.envelopes.map(({ data }) => JSON.parse(data.baseData.message).message),
    ['three'],
  );
});

test('a library that cannot be loaded is loaded again for the next lines, and costs none of them', async () => {
  let tries = 0;
  const sent: number[] = [];
  const { log, other } = bookTo(async () => {
    if (++tries === 1) throw new Error('no such package');
    return async (records) => {
      sent.push(records.length);
      return true;
    };
  });
  log.info('one');
  await log.flush();
  await log.flush();
  for (let at = 0; at < 2500; at++) log.info(`${at}`);
  await log.flush();
  assert.deepEqual([tries, sent], [2, [2000]]);
  assert.equal(other.length, 501, 'the first, and those that found no room');
});
