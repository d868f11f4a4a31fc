import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { itemRowKey, listCatalogItems, nameRowKey } from '../shared/destinations/file/catalog.ts';
import type { Installation } from './support/installation.ts';
import { assertSums, DAY, reconciling } from './support/reconciling.ts';
import { databaseDifferences, folderDifferences, none } from './support/stored.ts';

/** Closed sessions that ended on closed days, newest last. */
function endedSessions(installation: Installation) {
  const { clock, truth } = installation.appliance();
  const today = Math.floor(clock.now() / DAY) * DAY;
  return [...truth.sessions()].filter(
    ({ session, state }) => state === 'closed' && (session.endTime ?? today) < today,
  );
}

/** Of what ended on closed days; what runs changes by itself. */
async function everythingIsThere(installation: Installation): Promise<void> {
  const ended = endedSessions(installation).map(({ session }) => session.lsid);
  const isEnded = (name: string) => ended.some((lsid) => name.includes(lsid));
  for (const { missing, wrong, strange } of [
    await folderDifferences(installation),
    databaseDifferences(installation),
  ])
    assert.deepEqual({ missing: missing.filter(isEnded), wrong: wrong.filter(isEnded), strange }, none);
}

test('where nothing is missing every day is counted, and only the last days are read again', async (t) => {
  const { installation, reconcile, rows, sum, troubles, pull } = await reconciling(t);
  assert.equal((await installation.run()).status, 'succeeded');
  const outcome = await reconcile();
  assert.equal(outcome.missing, 0);
  assert.deepEqual(outcome.problems, []);
  const ended = endedSessions(installation);
  for (const destination of ['folder', 'database'])
    assert.equal(await sum('stored', 'session-data', destination), ended.length);
  const recorded = ended.filter(({ hasRecording }) => hasRecording).length;
  assert.ok(recorded > 3);
  assert.equal(await sum('stored', 'session-recording', 'folder'), recorded);
  assertSums(await rows());
  assert.deepEqual(await troubles(), []);
  const [again, ...more] = await pull();
  assert.deepEqual(more, []);
  assert.deepEqual(outcome.pulls, [again?.id]);
  assert.equal(again?.selection?.by, 'end_time');
  await everythingIsThere(installation);
});

test('rows that were removed, a file that was lost and a session that appears late are found, pulled, reported and closed', async (t) => {
  const { installation, reconcile, rows, sum, troubles, pull } = await reconciling(t);
  const { services, data } = installation;
  const [late, cleared, lost] = endedSessions(installation)
    .filter(({ hasRecording }) => hasRecording)
    .map(({ session }) => session.lsid);
  assert.ok(late && cleared && lost);
  const { withheld } = installation.appliance();
  withheld.sessions.add(late);
  assert.equal((await installation.run()).status, 'succeeded');
  const mark = await installation.watermark('support', 'session-data', 'folder');

  withheld.sessions.clear();
  const database = new DatabaseSync(data.sessions);
  database.prepare('DELETE FROM session WHERE lsid = ?').run(cleared);
  database.close();
  for await (const { key, name, stream } of listCatalogItems(services.state, 'folder'))
    if (stream === 'session-recording' && key.includes(lost)) {
      await services.state.remove('catalog', 'folder', itemRowKey(key));
      await services.state.remove('catalog', 'folder', nameRowKey(name));
      rmSync(join(data.files, name));
    }
  assert.deepEqual((await folderDifferences(installation)).missing.length, 3);
  assert.deepEqual(databaseDifferences(installation).missing.toSorted(), [late, cleared].toSorted());

  const outcome = await reconcile();
  assert.equal(outcome.missing, 5);
  assertSums(await rows());
  assert.equal(await sum('missing', 'session-data', 'folder'), 1);
  assert.equal(await sum('missing', 'session-recording', 'folder'), 2);
  assert.equal(await sum('missing', 'session-data', 'database'), 2);
  const open = await troubles();
  assert.equal(open.length, 3, open.join('\n'));
  assert.ok(
    open.some((line) => /^Session Recordings of Site support to Destination folder: 2 missing/.test(line)),
  );

  const runs = await pull();
  const gap = runs.find(({ selection }) => selection?.by === 'lsids');
  assert.deepEqual(gap?.selection, { by: 'lsids', lsids: [late, cleared, lost].toSorted() });
  await everythingIsThere(installation);
  assert.deepEqual(await installation.watermark('support', 'session-data', 'folder'), mark);

  const next = await reconcile();
  assert.equal(next.missing, 0);
  assert.equal(await sum('missing', 'session-data', 'database'), 0);
  assert.deepEqual(await troubles(), []);
  assertSums(await rows());
});

test('a gap beyond the look-back of the day is looked at until it is closed', async (t) => {
  const { installation, reconcile, sum, pull } = await reconciling(t);
  assert.equal((await installation.run()).status, 'succeeded');
  const [first] = endedSessions(installation);
  const lsid = first?.session.lsid ?? assert.fail();
  const clear = () => {
    const database = new DatabaseSync(installation.data.sessions);
    database.prepare('DELETE FROM session WHERE lsid = ?').run(lsid);
    database.close();
  };
  clear();
  assert.equal((await reconcile(1)).missing, 0, 'its day is not looked at');
  assert.equal((await reconcile()).missing, 1);
  assert.equal((await reconcile(1)).missing, 1, 'its day is looked at since something was missing');
  await pull();
  assert.equal((await reconcile(1)).missing, 0);
  assert.equal(await sum('missing', 'session-data', 'database'), 0);
  await everythingIsThere(installation);
});

test('a session that changed after it was read is read again for two days', async (t) => {
  const { installation, reconcile, pull } = await reconciling(t);
  assert.equal((await installation.run()).status, 'succeeded');
  const changed = endedSessions(installation).at(-1)?.session.lsid ?? assert.fail();
  const database = new DatabaseSync(installation.data.sessions);
  // As if what is stored were an earlier reading.
  database.prepare("UPDATE ic_session SET content_hash = 'before' WHERE lsid = ?").run(changed);
  database.prepare("UPDATE session SET duration = '00:00:00' WHERE lsid = ?").run(changed);
  database.close();
  assert.deepEqual(databaseDifferences(installation).wrong, [changed]);
  assert.equal((await reconcile()).missing, 0);
  await pull();
  await everythingIsThere(installation);
});

test('days that the watermark has not passed are owed and no gap', async (t) => {
  const { installation, reconcile, rows, sum, troubles, pull } = await reconciling(t);
  assert.equal((await installation.run()).status, 'succeeded');
  const { length } = endedSessions(installation);
  installation.passTime(DAY);
  const more = endedSessions(installation).length - length;
  assert.ok(more > 0);
  assert.equal((await reconcile()).missing, 0);
  assertSums(await rows());
  assert.equal((await rows()).filter(({ covered }) => !covered).length, 3);
  assert.ok((await sum('owed', 'session-data', 'database')) > 0);
  assert.deepEqual(await troubles(), []);
  await pull();
  assert.equal((await installation.run()).status, 'succeeded');
  assert.equal((await reconcile()).missing, 0);
  assert.equal(await sum('owed', 'session-data', 'database'), 0);
  await everythingIsThere(installation);
});

test('where every message is worked on twice at a time a gap is pulled once', async (t) => {
  const { installation, reconcile, troubles } = await reconciling(t, { delivery: 'twice-overlapping' });
  await installation.run();
  const database = new DatabaseSync(installation.data.sessions);
  const today = new Date(installation.appliance().clock.now() * 1000).toISOString().slice(0, 10);
  database.prepare('DELETE FROM session WHERE id % 2 = 0 AND end_time < ?').run(today);
  database.close();
  const outcome = await reconcile();
  assert.ok(outcome.missing > 5);
  assert.equal(outcome.pulls.length, 2);
  assert.equal((await troubles()).length, 1);
  await installation.stack.resume();
  await installation.stack.host.idle();
  await everythingIsThere(installation);
  assert.equal((await reconcile()).missing, 0);
  assert.deepEqual(await troubles(), []);
});
