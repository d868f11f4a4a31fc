import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../shared/errors.ts';
import { reportChunks } from './bench/report-fixture.ts';
import { fails, inReport, readAll } from './report-reader-support.ts';

const SMALL = inReport(
  '<session lsid="a"><b>1</b><c x="é&amp;"/></session>',
  '<session lsid="b"><![CDATA[x]]></session>',
);

test('a report cut at any byte is never taken as read', async () => {
  const bytes = Buffer.from(SMALL);
  for (let length = 0; length < bytes.length; length++) await fails(bytes.subarray(0, length), 'truncated');
});

test('a large report cut at 300 random places is never taken as read', async () => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of reportChunks(200_000)) chunks.push(Buffer.from(chunk));
  const bytes = Buffer.concat(chunks);
  const endTag = bytes.lastIndexOf('</session_list>') + '</session_list>'.length;
  let seed = 20251009;
  for (let run = 0; run < 300; run++) {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    await fails(bytes.subarray(0, seed % endTag), 'truncated', { kind: 'transient' });
  }
  await readAll(bytes);
});

test('sessions before the cut are given, and the end says that the report was cut', async () => {
  const cut = SMALL.slice(0, SMALL.indexOf('<session lsid="b"') + 5);
  await fails(cut, 'truncated', { words: /after 1 sessions/ });
});

test('an error of the connection comes through', async () => {
  const { readSessionReport } = await import('../shared/appliance/session-report.ts');
  async function* broken() {
    yield Buffer.from(SMALL.slice(0, 200));
    throw new Failure('transient', 'connection-lost', 'x');
  }
  const read = readSessionReport(broken());
  await assert.rejects(
    async () => {
      for await (const _ of read);
    },
    { code: 'connection-lost' },
  );
  assert.equal(read.complete, false);
});

test('a consumer that stops early ends the source', async () => {
  const { readSessionReport } = await import('../shared/appliance/session-report.ts');
  let ended = false;
  async function* source() {
    try {
      yield Buffer.from(SMALL);
      yield Buffer.from(' ');
    } finally {
      ended = true;
    }
  }
  for await (const _ of readSessionReport(source())) break;
  assert.equal(ended, true);
});
