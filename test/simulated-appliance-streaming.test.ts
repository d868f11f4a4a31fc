import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SaxesParser } from 'saxes';
import { open, takeToken } from './appliance/plain-client.ts';
import { startAppliance } from './appliance/start-appliance.ts';

const from = 1_700_000_000;
const year = 365 * 86_400;

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

/** What is in use, apart from what only waits to be collected. */
function used(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test('a report of 20,000 sessions is well-formed and streams with flat memory', async () => {
  await using appliance = await startAppliance({
    product: 'PRA',
    seed: 1,
    sessions: 20_000,
    from,
    to: from + year,
    events: 3,
  });
  appliance.clock.set(from + 2 * year);
  const token = await takeToken(appliance);
  const path = `/api/reporting?generate_report=AccessSession&start_time=${from}&duration=0`;
  const parser = new SaxesParser({ xmlns: false, position: false });
  let sessions = 0;
  let depth = 0;
  parser.on('opentag', () => {
    depth++;
    if (depth === 2) sessions++;
  });
  parser.on('closetag', () => {
    depth--;
  });
  parser.on('error', (error) => {
    throw error;
  });
  const message = await open(appliance, path, { token });
  message.setEncoding('utf8');
  let bytes = 0;
  let base: number | undefined;
  let most = 0;
  let next = 5_000_000;
  for await (const text of message as AsyncIterable<string>) {
    parser.write(text);
    bytes += text.length;
    if (bytes < next) continue;
    next += 25_000_000;
    base ??= used();
    most = Math.max(most, used() - base);
  }
  parser.close();
  assert.equal(sessions, 20_000);
  assert(bytes > 80_000_000, `${bytes} characters`);
  assert(most > 0 && most < 15_000_000, `${most} bytes more than at the start`);
  assert.equal(appliance.log.at(-1)?.sessions?.size, 20_000);
});

test('among a million sessions a narrow window is found at once', async () => {
  await using appliance = await startAppliance({
    product: 'RS',
    seed: 1,
    sessions: 1_000_000,
    from,
    to: from + year,
    events: 3,
  });
  appliance.clock.set(from + 2 * year);
  const token = await takeToken(appliance);
  const started = performance.now();
  const report = `/api/reporting?generate_report=SupportSessionListing&end_time=${from + year / 2}&duration=3600`;
  const message = await open(appliance, report, { token });
  let text = '';
  for await (const piece of message.setEncoding('utf8') as AsyncIterable<string>) text += piece;
  const rows = [...text.matchAll(/lsid="(\w+)"/g)].map(([, lsid]) => lsid ?? '');
  assert(rows.length > 80 && rows.length < 160, `${rows.length} rows`);
  for (const lsid of rows) {
    const end = appliance.truth.session(lsid)?.session.endTime ?? 0;
    assert(end >= from + year / 2 && end < from + year / 2 + 3600);
  }
  assert(performance.now() - started < 2000);
});
