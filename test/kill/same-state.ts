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
    sessions: sessions
      .map(({ host, lsid, own, tables, noted }) => ({ host, lsid, own, tables, noted }))
      .sort((a, b) => (`${a.host} ${a.lsid}` < `${b.host} ${b.lsid}` ? -1 : 1)),
    watermarks: watermarks(rows).map(([key, { to }]) => [key, to]),
    open: [...rows].filter(([key]) => key.startsWith('open/')),
  };
}

interface Mark {
  readonly to: number;
  readonly begin: number;
}

function watermarks(rows: StoredState['rows']): [string, Mark][] {
  return [...rows].flatMap(([key, value]): [string, Mark][] =>
    key.startsWith('watermarks/') ? [[key, value as Mark]] : [],
  );
}

/** A run lets `begin` follow the two clocks; here the appliance's stands still while ours goes on. */
const CLOCK_SECONDS = 60;

/** An interrupted installation against one that was left alone, at the same instant of the appliance's clock. */
export function assertSameState(stored: StoredState, uninterrupted: StoredState): void {
  assert.deepEqual(comparable(stored), comparable(uninterrupted));
  for (const [key, { begin }] of watermarks(stored.rows)) {
    const expected = (uninterrupted.rows.get(key) as Mark).begin;
    assert.ok(Math.abs(begin - expected) < CLOCK_SECONDS, `${key} begins at ${begin}, not ${expected}`);
  }
}
