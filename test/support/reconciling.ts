import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { listTroubles } from '../../shared/notifications/trouble-store.ts';
import { allCoverage, type Coverage } from '../../shared/reconciliation/coverage.ts';
import type { SiteOutcome } from '../../shared/reconciliation/reconcile-site.ts';
import { listReconciliations, type Reconciliation } from '../../shared/reconciliation/record.ts';
import type { Run } from '../../shared/runs/run.ts';
import {
  apiHeaders,
  type Installation,
  type InstallationOptions,
  startInstallation,
} from './installation.ts';

export const HOUR = 3600;
export const DAY = 24 * HOUR;

/** An installation some days old, whose days are compared with what is stored. */
export interface Reconciling {
  readonly installation: Installation;
  /** Asks for a reconciliation over the API, and waits for it; pulls that it made are not started yet. */
  reconcile(days?: number): Promise<SiteOutcome>;
  /** As the tick does: starts what was made and not started, and waits for it. */
  pull(): Promise<Run[]>;
  rows(): Promise<Coverage[]>;
  /** Sums of a counter over all days of a data type at a destination. */
  sum(counter: keyof Coverage, stream: string, destination: string): Promise<number>;
  /** Titles and messages of what is reported now as wrong with coverage, without what is over. */
  troubles(): Promise<string[]>;
  records(): Promise<readonly Reconciliation[]>;
}

export async function reconciling(
  context: TestContext,
  options: InstallationOptions & { readonly days?: number } = {},
): Promise<Reconciling> {
  const { days = 3, ...more } = options;
  const now = Math.floor(Date.now() / 1000 / HOUR) * HOUR;
  const begin = { kind: 'days-back', days: days + 2 };
  const installation = await startInstallation({
    sites: { support: { sessions: 12 * (days + 4), from: now - days * DAY, to: now + 4 * DAY } },
    transfers: [
      { site: 'support', destination: 'folder', dataTypes: ['session-data', 'session-recording'], begin },
      { site: 'support', destination: 'database', dataTypes: ['session-data'], begin },
    ],
    ...more,
  });
  context.after(() => installation.close());
  // Yesterday counts as read when the watermark is a lag beyond midnight.
  if (installation.appliance().clock.now() % DAY < HOUR) installation.passTime(HOUR);
  const { stack, services } = installation;
  const rows = () => allCoverage(services.state, 'support', { from: '2000-01-01', to: '2999-12-31' });
  return {
    installation,
    rows,
    async reconcile(depth) {
      installation.passTime(1);
      const answer = await fetch(`${stack.host.url}/api/reconciliation`, {
        method: 'POST',
        headers: { ...apiHeaders, 'content-type': 'application/json' },
        body: JSON.stringify(depth === undefined ? {} : { days: depth }),
      });
      assert.equal(answer.status, 202);
      const { id } = (await answer.json()) as Reconciliation;
      await stack.host.idle();
      const done = await fetch(`${stack.host.url}/api/reconciliation/${id}`, { headers: apiHeaders });
      const { outcomes = [], finishedAt } = (await done.json()) as Reconciliation;
      assert.ok(finishedAt);
      assert.equal(outcomes.length, 1);
      return outcomes[0] ?? assert.fail();
    },
    async pull() {
      const runs = await stack.resume();
      await stack.host.idle();
      return runs;
    },
    sum: async (counter, stream, destination) =>
      (await rows())
        .filter((row) => row.stream === stream && row.destinationId === destination)
        .reduce((total, row) => total + Number(row[counter] ?? 0), 0),
    async troubles() {
      const entries = await listTroubles(services.state);
      return entries
        .filter(({ value }) => value.kind === 'gap' && value.over === undefined)
        .map(({ value }) => `${value.title}: ${value.message}`);
    },
    async records() {
      return (await listReconciliations(services.state)).entries.map(({ value }) => value);
    },
  };
}

/** Counters of a row that the appliance lists make up what it lists. */
export function assertSums(rows: readonly Coverage[]): void {
  for (const row of rows) {
    if (row.onAppliance === undefined) continue;
    const { stored = 0, owed, setAside, agedOut, settled, hidden, missing } = row;
    assert.equal(
      stored + owed + setAside + agedOut + settled + hidden + missing,
      row.onAppliance,
      JSON.stringify(row),
    );
  }
}
