import assert from 'node:assert/strict';
import type { StoredState } from './stored-state.ts';

/** What must be the same whatever happened on the way. Backups, keys of rows, our own times are not in it. */
function comparable({ files, items, sessions, rows }: StoredState): unknown {
  const backups = new Set(items.filter(({ stream }) => stream === 'backup').map(({ name }) => name));
  return {
    files: [...files]
      .filter(([name]) => !backups.has(name))
      .map(([name, { hash, sha256, size }]) => [name, hash ?? { sha256, size }])
      .sort(),
    items: items
      .filter(({ stream }) => stream !== 'backup')
      .map(
        ({ key, name, state, verified, host, siteId, applianceId, apiVersion, version, earlier = [] }) => ({
          key,
          name,
          state,
          verified,
          host,
          siteId,
          applianceId,
          apiVersion,
          version: version && [version.hash, version.closed],
          earlier: earlier.map((file) => [file.name, file.version?.hash]),
        }),
      ),
    index: [...rows]
      .filter(([key]) => key.startsWith('sessions/'))
      .map(([key, value]) => [key, { ...(value as object), readAt: undefined }]),
    sessions: sessions
      .map(({ host, lsid, own, tables, noted }) => ({ host, lsid, own, tables, noted }))
      .sort((a, b) => (`${a.host} ${a.lsid}` < `${b.host} ${b.lsid}` ? -1 : 1)),
  };
}

/** Rows of these hold instants and intervals of both clocks, in seconds, or texts that name the run. */
function timed({ rows }: StoredState): Map<string, Readonly<Record<string, unknown>>> {
  return new Map(
    [...rows].flatMap(([key, value]): [string, Readonly<Record<string, unknown>>][] =>
      /^(watermarks|open)\//.test(key) ? [[key, value as Readonly<Record<string, unknown>>]] : [],
    ),
  );
}

/** A run lets `begin` follow the two clocks, and notes ours; where the appliance's stands still ours goes on. */
const followsOurClock = new Set(['begin', 'at', 'offset']);
const OUR_SECONDS = 60;

/**
 * An interrupted installation against one that was left alone.
 *
 * @param applianceSeconds how far their last runs may lie apart on the appliance's clock
 */
export function assertSameState(stored: StoredState, uninterrupted: StoredState, applianceSeconds = 0): void {
  assert.deepEqual(comparable(stored), comparable(uninterrupted));
  const [rows, expected] = [timed(stored), timed(uninterrupted)];
  assert.deepEqual([...rows.keys()], [...expected.keys()]);
  for (const [key, row] of rows)
    for (const [field, value] of Object.entries(row)) {
      if (field === 'by') continue;
      const other = expected.get(key)?.[field];
      if (typeof value !== 'number' || typeof other !== 'number')
        assert.deepEqual(value, other, `${key} ${field}`);
      else {
        const allowed = applianceSeconds + (followsOurClock.has(field) ? OUR_SECONDS : 0);
        assert.ok(Math.abs(value - other) <= allowed, `${key}: ${field} is ${value}, not ${other}`);
      }
    }
}
