import { type FailureReport, reportFailure } from '../errors.ts';
import type { Run } from '../runs/run.ts';
import type { Services } from '../services.ts';
import type { Schedule } from '../settings/schedule.ts';
import type { Settings } from '../settings/settings.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { type Entry, StateConflict } from '../state/state-store.ts';
import { deliver } from './deliver.ts';
import { closeForgotten } from './forgotten.ts';
import { lookAtLedger } from './ledger-growth.ts';
import { type CoverageNote, noteCoverage } from './note-coverage.ts';
import { noteRun } from './note-run.ts';
import { lookForSilence } from './silence.ts';
import { troubleKey } from './trouble.ts';
import { changeTrouble, listTroubles, meet } from './trouble-store.ts';

export type { CoverageNote } from './note-coverage.ts';

/** When troubles that no run tells of are looked for again, and what is left is sent. Milliseconds, our clock. */
export interface NextLook {
  readonly at: number;
  /** When a tick looked last, which it writes each few minutes. */
  readonly looked?: number;
}

/** Beside what is remembered of the schedules, so that a tick reads both with one call. No schedule has such an id. */
export const LOOK = '~look';
const NEXT = ['claims', 'schedule', LOOK] as const;
const BETWEEN_LOOKS = 5 * 60_000;

/** After a run has ended: notes its troubles and tells people. Nothing of this can fail the run. */
export async function notifyOfRun(services: Services, run: Run): Promise<void> {
  const { state, log, now } = services;
  try {
    const { settings } = await loadSettings(state);
    await noteRun(state, settings, run, now());
    const again = await deliver(services, settings.notifications);
    if (again !== undefined) await lookBy(services, again);
  } catch (error) {
    const { code, message } = reportFailure(error);
    log.error('Notifications failed', { run: run.id, code, message });
  }
}

/** After a site was compared with what is stored: notes what was found, and tells people. Nothing of this can fail it. */
export async function notifyOfCoverage(
  services: Services,
  settings: Settings,
  notes: readonly CoverageNote[],
): Promise<void> {
  const { state, log, now } = services;
  try {
    await noteCoverage(state, settings, notes, now());
    const again = await deliver(services, settings.notifications);
    if (again !== undefined) await lookBy(services, again);
  } catch (error) {
    const { code, message } = reportFailure(error);
    log.error('Notifications failed', { code, message });
  }
}

/**
 * At each tick: no storage call where the row is `known`, unless a look is due. Then schedules that are silent and
 * ledgers that grow are looked for, and what is left is sent. Nothing of this can fail the tick.
 */
export async function notifyAtTick(
  services: Services,
  settings: Settings,
  known?: { readonly look: Entry<NextLook> | undefined },
): Promise<void> {
  const { state, log, now } = services;
  try {
    const next = known ? known.look : await state.get<NextLook>(...NEXT);
    const wait = (next?.value.at ?? 0) - now();
    // A wait that is longer than any was set by a clock that was wrong.
    if (wait > 0 && wait <= 2 * BETWEEN_LOOKS) return;
    if (!(await setNext(services, next, { at: now() + BETWEEN_LOOKS, looked: now() }))) return;
    const troubles = new Map((await listTroubles(state)).map((entry) => [entry.key, entry]));
    await lookForSilence(state, settings, troubles, now());
    await lookAtLedger(state, settings, troubles, now());
    await closeForgotten(state, settings, troubles, now());
    const again = await deliver(services, settings.notifications);
    if (again !== undefined) await lookBy(services, again);
  } catch (error) {
    const { code, message } = reportFailure(error);
    log.error('Notifications failed', { code, message });
  }
}

/** A run that could not even be started; sent at the end of this tick. */
export async function noteFailedStart(
  services: Services,
  { id, name }: Schedule,
  { message }: FailureReport,
): Promise<void> {
  const { state, log, now } = services;
  try {
    const title = `Schedule ${name} could not be started`;
    await changeTrouble(state, troubleKey('failed', 'start', id), (before) =>
      meet(before, { kind: 'failed', title, message, scheduleId: id, event: true }, now()),
    );
    await lookBy(services, now());
  } catch (error) {
    const { code, message: why } = reportFailure(error);
    log.error('Notifications failed', { schedule: id, code, message: why });
  }
}

/** Brings the next look forward. */
async function lookBy(services: Services, at: number): Promise<void> {
  for (;;) {
    const next = await services.state.get<NextLook>(...NEXT);
    if (next && next.value.at <= at) return;
    const sooner = { ...next?.value, at: Math.min(at, services.now() + BETWEEN_LOOKS) };
    if (await setNext(services, next, sooner)) return;
  }
}

async function setNext(
  { state }: Services,
  before: Entry<NextLook> | undefined,
  next: NextLook,
): Promise<boolean> {
  try {
    if (before) await state.update(...NEXT, next, before.etag);
    else await state.insert(...NEXT, next);
    return true;
  } catch (error) {
    if (error instanceof StateConflict) return false;
    throw error;
  }
}
