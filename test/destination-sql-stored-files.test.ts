import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredFileChange } from '../shared/destinations/destination.ts';
import { stateKey } from '../shared/state/state-store.ts';
import { sinkOf } from './contract/session-sink-contract.ts';
import { rsOrigin, rsSession, version } from './contract/session-sink-fixtures.ts';
import { destinationAt, placeFor, rowsIn, sqlKinds } from './destination-sql-places.ts';
import { sql } from './destination-sql-support.ts';
import { startInstallation } from './support/installation.ts';
import { filesIn } from './support/job.ts';

const { host } = rsOrigin;
const { lsid } = rsSession;
const change = (
  stream: string,
  key: string,
  name: string,
  more: Partial<StoredFileChange> = {},
): StoredFileChange => ({
  event: 'stored',
  item: stateKey(host, stream, key),
  stream,
  host,
  name,
  size: 5,
  sha256: 'ab',
  storedAt: '2026-01-02T03:04:05.678Z',
  ...more,
});

for (const kind of sqlKinds)
  test(`${kind.name}: stored files stand beside their sessions, replaced and removed ones do not`, {
    skip: kind.skip,
  }, async (context) => {
    const place = await placeFor(context, kind);
    const destination = await destinationAt(context, place);
    await sinkOf(destination).store(rsOrigin, [version(rsSession)]);
    const note = async (changes: StoredFileChange[]) => destination.storedFiles?.note('archive', changes);
    const shell = change('command-shell-recording', `${lsid}|0|video`, 'a.0.flv');
    await note([change('session-data', lsid, 'a.xml'), change('session-recording', lsid, 'a.flv'), shell]);
    await note([shell, change('backup', '20261120T000000Z', 'b.nsb')]);
    await destination.storedFiles?.note('copy', [change('session-data', lsid, 'copy.xml')]);
    const files = async () =>
      (await rowsIn(place, 'ic_file')).map((row) => [row.lsid, row.stream, row.destination_id, row.name]);
    assert.deepEqual((await files()).toSorted(), [
      [null, 'backup', 'archive', 'b.nsb'],
      [lsid, 'command-shell-recording', 'archive', 'a.0.flv'],
      [lsid, 'session-data', 'archive', 'a.xml'],
      [lsid, 'session-data', 'copy', 'copy.xml'],
      [lsid, 'session-recording', 'archive', 'a.flv'],
    ]);
    const [overview] = await rowsIn(place, 'ic_session_overview');
    assert.equal(Number(overview?.file_count), 4);
    assert.deepEqual(String(overview?.files).split(', ').toSorted(), [
      'a.0.flv',
      'a.flv',
      'a.xml',
      'copy.xml',
    ]);
    assert.equal((await rowsIn(place, 'ic_file'))[0]?.stored_at, '2026-01-02 03:04:05');
    await note([
      change('backup', '20261120T000000Z', 'b.nsb', { event: 'pruned' }),
      change('session-data', lsid, 'a.1.xml'),
      change('session-recording', 'another', 'a.flv', {
        event: 'replaced',
        replaced: { item: stateKey(host, 'session-recording', lsid) },
      }),
    ]);
    assert.deepEqual((await files()).toSorted(), [
      [lsid, 'command-shell-recording', 'archive', 'a.0.flv'],
      [lsid, 'session-data', 'archive', 'a.1.xml'],
      [lsid, 'session-data', 'copy', 'copy.xml'],
      ['another', 'session-recording', 'archive', 'a.flv'],
    ]);
  });

test('after a run the database says where every file of the folder is', async (context) => {
  const installation = await startInstallation();
  context.after(() => installation.close());
  assert.equal((await installation.run()).status, 'succeeded');
  const { files, sessions } = installation.data;
  const stored = [...filesIn(files)].map(([name, { sha256 }]) => [name, sha256]);
  assert.ok(stored.length > 20);
  const noted = sql(sessions, 'SELECT name, sha256 FROM ic_file').map(({ name, sha256 }) => [name, sha256]);
  assert.deepEqual(noted.toSorted(), stored.toSorted());
  const [{ n } = {}] = sql(
    sessions,
    `SELECT count(*) AS n FROM ic_session_overview o WHERE file_count <> (SELECT count(*) FROM ic_file f WHERE f.lsid = o.lsid) OR (end_time IS NOT NULL AND file_count = 0)`,
  );
  assert.equal(n, 0);
});
