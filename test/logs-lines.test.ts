import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { type LogLine, withLogFields } from '../shared/log.ts';
import { consoleLog } from '../shared/runs/console-log.ts';
import { LogBook } from '../shared/runs/log-book.ts';
import { Redactor } from '../shared/runs/redaction.ts';
import { runActivity } from '../shared/transfer/run-activity.ts';
import { makeWorkbench } from './support/workbench.ts';

function book(least = 'debug') {
  const lines: LogLine[] = [];
  const log = new LogBook({ outputs: [{ write: (_, json) => void lines.push(JSON.parse(json)) }], least });
  return { log, lines, messages: () => lines.map(({ message }) => message) };
}

test('a line is one JSON object with its time, level, message and fields', () => {
  const out: string[] = [];
  const write = (line: string) => void out.push(line);
  consoleLog({ debug: write, info: write, warn: write, error: write }, 'info').info('Run finished', {
    run: 'a',
    time: 'not this',
    nothing: undefined,
  });
  const { time, ...rest } = JSON.parse(out[0] ?? '');
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
  assert.deepEqual(rest, { level: 'info', message: 'Run finished', log: 'service', run: 'a' });
});

test('the level is that of the installation until the settings name one, and again when they name none', () => {
  const { log, messages } = book('warn');
  log.info('1');
  log.warn('2');
  log.follow({ logLevel: 'debug' });
  log.debug('3');
  log.follow({ logLevel: 'error' });
  log.warn('4');
  log.follow({});
  log.info('5');
  log.error('6');
  assert.deepEqual(messages(), ['2', '3', '6']);
});

test('fields of the work around a line are in it, through everything that is awaited, and not beside it', async () => {
  const { log, lines } = book();
  await Promise.all(
    ['one', 'two'].map((run) =>
      withLogFields({ run, site: 'a' }, async () => {
        await pause(run === 'one' ? 5 : 1);
        await withLogFields({ stream: 'backup', site: undefined }, async () =>
          log.info('inner', { item: run }),
        );
        log.info('outer');
      }),
    ),
  );
  log.info('alone');
  const found = lines.map(({ message, run, site, stream, item }) =>
    [message, run, site, stream, item].join(),
  );
  assert.deepEqual(found.toSorted(), [
    'alone,,,,',
    'inner,one,,backup,one',
    'inner,two,,backup,two',
    'outer,one,a,,',
    'outer,two,a,,',
  ]);
});

test('what an activity logs names its run, orchestration, site and data type, whoever logs it', async (t) => {
  const bench = makeWorkbench(t);
  const { log, lines } = book();
  const { id } = await bench.scheduleRun();
  const services = { ...bench.services, log };
  await withLogFields({ log: 'client', destination: 'another' }, () =>
    runActivity(services, 'owe-snapshot', { runId: id, siteId: 'site', stream: 'backup' }, `${id}-g1`),
  );
  assert.deepEqual(
    lines.map(({ message }) => message),
    ['Activity began', 'Progress', 'Activity ended'],
  );
  for (const line of lines) {
    const { run, instance, activity, site, stream, log: of } = line;
    assert.deepEqual(
      { run, instance, activity, site, stream, of },
      {
        run: id,
        instance: `${id}-g1`,
        activity: 'owe-snapshot',
        site: 'site',
        stream: 'backup',
        of: 'service',
      },
    );
  }
  assert.equal(lines[0]?.destination, undefined);
});

const secret = fc
  .string({ unit: 'grapheme', minLength: 6, maxLength: 40 })
  .filter((text) => text.trim() === text);
const forms = [
  (text: string) => text,
  (text: string) => JSON.stringify({ a: text }),
  encodeURIComponent,
  (text: string) => new URLSearchParams({ a: text }).toString(),
  (text: string) => Buffer.from(text).toString('base64'),
  (text: string) => Buffer.from(text).toString('base64url'),
];

test('a secret that was handed out is in no line, however it is written and wherever it stands', () => {
  fc.assert(
    fc.property(secret, fc.constantFrom(...forms), fc.lorem(), (value, form, words) => {
      // What looks like the words around it cannot be told from them.
      fc.pre(!words.includes(value) && !'Activity began'.includes(value));
      const redactor = new Redactor();
      redactor.learn(value);
      const out: string[] = [];
      const write = (_: LogLine, json: string) => void out.push(json);
      const log = new LogBook({ outputs: [{ write }], least: 'debug', redactor });
      const text = `${words} ${form(value)} ${words}`;
      log.info(text, { reason: text, stack: text });
      const inside = JSON.parse(out[0] ?? '{}') as Record<string, string>;
      for (const name of ['message', 'reason', 'stack'])
        for (const written of [value, form(value)].filter((one) => one.length >= 6))
          assert.ok(!inside[name]?.includes(written) || '***'.includes(written), `${name}: ${inside[name]}`);
      assert.ok(inside.message?.startsWith(words));
    }),
    { numRuns: 500 },
  );
});

test('addresses lose all but their host, named values and tokens are gone, and what is none of these stays', () => {
  const redactor = new Redactor();
  for (const [text, clean] of [
    [
      'GET https://support.example.com:8443/api/x?token=1#y failed',
      'GET https://support.example.com:8443/*** failed',
    ],
    [
      'hook https://user:pw@hooks.example.com/services/T0/B1, twice',
      'hook https://hooks.example.com/*** twice',
    ],
    ['at https://user:pw@host.example.com.', 'at https://host.example.com.'],
    ['Authorization: Bearer abc.def-123', 'Authorization: Bearer ***'],
    ['{"access_token":"abc","expires_in":3600}', '{"access_token":***,"expires_in":3600}'],
    ['grant_type=x&client_secret=a%20b&y=1', 'grant_type=x&client_secret=***&y=1'],
    ['AccountName=a;AccountKey=abc+/=;EndpointSuffix=z', 'AccountName=a;AccountKey=***;EndpointSuffix=z'],
    ['?sv=2024&sig=abc%2F', '?sv=2024&sig=***'],
    ['password: hunter2', 'password: ***'],
    ['eyJhbGciOi.eyJzdWIiOi.sig', '***'],
  ] as const)
    assert.equal(redactor.redact(text), clean);
  for (const same of [
    'The secret "account" is not in the Key Vault vault.vault.azure.net; put it there.',
    'Site "Main" (support.example.com): 3 of 5 tokens were taken',
    'file:///app/dist/functions/a.js:1:2',
    'Error: no\n    at run (/app/dist/run.js:3:4)',
  ])
    assert.equal(redactor.redact(same), same);
});

test('a store that is watched gives and takes as before, and what went through it is known', async () => {
  const { log, messages } = book();
  const values = new Map([['a', 'first-value']]);
  const watched = log.watch({
    get: async (name) => values.get(name) ?? '',
    set: async (name, value) => void values.set(name, value),
  });
  assert.equal(await watched.get('a'), 'first-value');
  await watched.set?.('b', 'second-value');
  assert.equal(values.get('b'), 'second-value');
  log.warn('first-value, second-value, third-value');
  assert.deepEqual(messages(), ['***, ***, third-value']);
  assert.equal(log.watch({ get: async () => '' }).set, undefined);
});
