import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { drain } from '../shared/transfer/drain.ts';
import { oweSnapshot } from '../shared/transfer/owe-snapshot.ts';
import { servedExtension } from '../shared/transfer/served-extension.ts';
import { ZipEnd } from '../shared/transfer/zip-end.ts';
import { zipOf } from './appliance/activity/zip.ts';
import { filesIn } from './support/job.ts';
import { makeWorkbench } from './support/workbench.ts';

const zip = (size: number) =>
  zipOf([
    { name: 'current.log', content: Buffer.alloc(size, 'syslog line\n') },
    { name: 'older.gz', content: Buffer.from([1, 2, 3]) },
  ]);

function isWhole(bytes: Uint8Array, step: number): boolean {
  const end = new ZipEnd();
  for (let at = 0; at < bytes.length; at += step) end.take(bytes.subarray(at, at + step));
  return end.isWhole;
}

test('a ZIP is whole with its end and not without, however it comes in pieces', () => {
  const bytes = zip(100_000);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: bytes.length + 5 }), fc.nat(bytes.length), (step, cut) => {
      assert.equal(isWhole(bytes, Math.max(step, 500)), true);
      assert.equal(isWhole(bytes.subarray(0, cut), Math.max(step, 500)), cut === bytes.length);
      const behind = Buffer.concat([bytes, Buffer.from('x')]);
      assert.equal(isWhole(behind, Math.max(step, 500)), false);
    }),
    { numRuns: 60 },
  );
  const comment = Buffer.concat([bytes.subarray(0, -2), Buffer.from([5, 0]), Buffer.from('hello')]);
  assert.equal(isWhole(comment, 7), true);
});

test('a syslog of no known size, which grows with each reading, is proved by its own end', async (t) => {
  let readings = 0;
  let cut = 0;
  const bench = makeWorkbench(t, {
    transfers: [{ site: 'site', destination: 'folder', dataTypes: ['syslog'] }],
    appliance: {
      info: async () => ({ product: 'RS', now: 1, clock: 'command', apiVersion: '1.24.1' }),
      syslog: async () => {
        const bytes = zip(3000 + 100 * readings++);
        return { chunks: oneChunk(bytes.subarray(0, bytes.length - cut)), evidence: { kind: 'none' } };
      },
    },
  });
  for (cut of [0, 1]) {
    const run = await bench.scheduleRun();
    bench.clock.now += 60_000;
    const input = { runId: run.id, siteId: 'site', stream: 'syslog' } as const;
    assert.equal((await oweSnapshot(bench.services, input)).status, 'done');
    assert.equal((await drain(bench.services, { ...input, part: 0, without: [] })).status, 'done');
    // The second was cut off, and so were its repeats.
    assert.equal(filesIn(bench.files).size, 1);
    if (cut === 0) assert.equal(readings, 1, 'no second reading is needed');
  }
});

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

test('an extension as served comes from the file name, else the type, else it is the guide’s', () => {
  assert.equal(servedExtension({ fileName: 'Recording.MP4', contentType: 'video/x-flv' }, 'flv'), 'mp4');
  assert.equal(servedExtension({ contentType: 'video/mp4; codecs=x' }, 'flv'), 'mp4');
  assert.equal(servedExtension({ contentType: 'text/plain;charset=utf-8' }, 'txt'), 'txt');
  assert.equal(servedExtension({ contentType: 'application/x-zip-compressed' }, 'zip'), 'zip');
  assert.equal(servedExtension({ contentType: 'application/octet-stream' }, 'nsb'), 'nsb');
  assert.equal(servedExtension({ fileName: 'no-extension' }, 'flv'), 'flv');
});
