import type { FailureReport } from '../errors.ts';
import { runId } from '../runs/run.ts';
import { type Entry, type Page, StateConflict, type StateStore } from '../state/state-store.ts';
import type { SiteOutcome } from './reconcile-site.ts';

/** One reconciliation of some or all sites. */
export interface Reconciliation {
  /** Newest first in key order; the orchestration's instance id as well. */
  readonly id: string;
  /** `timer`: the one of its UTC day. `hand`: somebody asked for it. */
  readonly by: 'timer' | 'hand';
  /** When it was made. ISO 8601, our clock. */
  readonly at: string;
  readonly sites: readonly string[];
  /** How many days back, where somebody said so. */
  readonly days?: number;
  readonly finishedAt?: string;
  readonly outcomes?: readonly SiteOutcome[];
  readonly failure?: FailureReport;
}

const PARTITION = ['coverage', 'reconciliation'] as const;

export function dailyId(dayMs: number): string {
  return runId(dayMs, 'reconcile');
}

export function handId(now: number, name: string): string {
  return runId(now, `reconcile-${name}`);
}

export async function readReconciliation(state: StateStore, id: string): Promise<Reconciliation | undefined> {
  return (await state.get<Reconciliation>(...PARTITION, id))?.value;
}

/** Newest first. */
export function listReconciliations(
  state: StateStore,
  range: { readonly from?: string; readonly limit?: number } = {},
): Promise<Page<Reconciliation>> {
  return state.list<Reconciliation>(...PARTITION, range);
}

/** Made once: the one that is there stays as it is. */
export async function makeReconciliation(
  state: StateStore,
  reconciliation: Reconciliation,
): Promise<Reconciliation> {
  try {
    await state.insert(...PARTITION, reconciliation.id, reconciliation);
    return reconciliation;
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
    return (await readReconciliation(state, reconciliation.id)) ?? reconciliation;
  }
}

/** The first end counts. */
export async function endReconciliation(
  state: StateStore,
  id: string,
  end: Required<Pick<Reconciliation, 'finishedAt'>> & Pick<Reconciliation, 'outcomes' | 'failure'>,
): Promise<void> {
  const entry: Entry<Reconciliation> | undefined = await state.get<Reconciliation>(...PARTITION, id);
  if (!entry || entry.value.finishedAt !== undefined) return;
  try {
    await state.update(...PARTITION, id, { ...entry.value, ...end }, entry.etag);
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
  }
}

export function removeReconciliation(state: StateStore, id: string): Promise<void> {
  return state.remove(...PARTITION, id);
}

/** When all that an appliance keeps of a site was last compared. ISO 8601, our clock. */
export async function lastFull(state: StateStore, siteId: string): Promise<string | undefined> {
  return (await state.get<{ readonly at: string }>('coverage', 'full', siteId))?.value.at;
}

export async function rememberFull(state: StateStore, siteId: string, at: string): Promise<void> {
  await state.put('coverage', 'full', siteId, { at });
}
