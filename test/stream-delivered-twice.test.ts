import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketStart, bucketsOf } from '../shared/streams/bucket.ts';
import { streamOf } from '../shared/streams/index.ts';
import { ledgerPartition } from '../shared/transfer/ledger.ts';
import { bucketFiles, bucketStreams, differences, presentationFiles } from './support/all-types.ts';
import { startInstallation } from './support/installation.ts';
import { filesIn } from './support/job.ts';
import { none } from './support/stored.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const host = 'support.example.com';

test('buckets and presentations come once and whole where every message is worked on twice at a time', async (t) => {
  const now = Math.floor(Date.now() / 1000 / HOUR) * HOUR;
  const dataTypes = [...bucketStreams, 'presentation-data', 'presentation-recording'];
  const installation = await startInstallation({
    sites: {
      support: {
        product: 'RS',
        from: now - 2 * DAY,
        to: now + DAY,
        sessions: 60,
        recordingBytes: [100, 900],
      },
    },
    delivery: 'twice-overlapping',
    transfers: [{ site: 'support', destination: 'folder', dataTypes, begin: { kind: 'days-back', days: 3 } }],
  });
  t.after(() => installation.close());
  const appliance = installation.appliance();
  const start = bucketStart(appliance.clock.now() - 3 * DAY, 'day');
  for (let round = 0; round < 2; round++) {
    const run = await installation.run();
    assert.equal(run.status, 'succeeded', JSON.stringify(run.results));
    const expected = new Map(
      [...appliance.truth.presentations()]
        .filter(({ endTime }) => endTime !== null)
        .flatMap((one) => [...presentationFiles(appliance, host, one)]),
    );
    for (const id of bucketStreams) {
      const stream = streamOf(id);
      assert.ok(stream.from === 'bucket');
      const buckets = [...bucketsOf(start, appliance.clock.now() - stream.lag, 'day')];
      for (const bucket of buckets)
        for (const [name, check] of bucketFiles(appliance, host, id, bucket)) expected.set(name, check);
      const { entries } = await installation.services.state.list('ledger', ledgerPartition('support', id));
      assert.deepEqual(entries, [], `${id}: nothing is left owed`);
      const mark = await installation.watermark('support', id, 'folder');
      assert.equal(mark?.to, buckets.at(-1)?.to);
    }
    assert.ok(expected.size > 8);
    assert.deepEqual(await differences(filesIn(installation.data.files), expected), none);
    installation.passTime(DAY);
  }
});
