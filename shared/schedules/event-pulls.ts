import { reportFailure } from '../errors.ts';
import type { LiveWork } from '../runs/live-runs.ts';
import { runProgress } from '../runs/progress.ts';
import { getRun, isFinished, type Run, runId, type Transfer, transferKey } from '../runs/run.ts';
import { changeEvent, EVENT_DELAY, type EventPull, type SessionEvent } from '../runs/session-events.ts';
import type { Services } from '../services.ts';
import type { Settings } from '../settings/settings.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { type Entry, StateConflict } from '../state/state-store.ts';
import { streamOf } from '../streams/index.ts';
import { makePullRun, transfersOf } from './make-run.ts';
import type { RunStarter } from './tick.ts';

type EventRow = Entry<SessionEvent>;

/** A batch of the state store takes 100 operations. */
const SESSIONS_A_PULL = 90;
const MINUTE = 60_000;
/** How long after each pull the session is pulled again while it is not whole. Then the schedules' own runs have it. */
const PAUSES = [3, 5, 10, 20, 40].map((minutes) => minutes * MINUTE);
/** A longer wait was set by a clock that was wrong. */
const LONGEST_WAIT = 60 * MINUTE;

/**
 * Pulls sessions that appliances said to have ended: all that are due of a site in one pull, into every transfer of an
 * enabled schedule that takes session data or its files. No storage call where nothing waits. Watermarks stay: whatever
 * goes wrong here, the schedules' own runs read these sessions too. Resolves to the ids of the runs that were started.
 */
export async function pullForEvents(
  services: Services,
  starter: RunStarter,
  { runs, events }: LiveWork,
): Promise<string[]> {
  const live = new Set(runs.map(({ runId: id }) => id));
  const now = services.now();
  const pulled = events.filter(({ value }) => value.pull && !live.has(idOf(value.pull)));
  const due = events.filter(
    ({ value }) => !value.pull && (value.dueAt <= now || value.dueAt - now > LONGEST_WAIT),
  );
  if (pulled.length + due.length === 0) return [];
  const { settings } = await loadSettings(services.state);
  const started: string[] = [];
  for (const rows of Map.groupBy(pulled, ({ value }) => (value.pull ? idOf(value.pull) : '')).values())
    started.push(...(await settle(services, starter, settings, rows)));
  if (settings.scheduler === 'stopped') return started;
  for (const [siteId, rows] of Map.groupBy(due, ({ value }) => value.siteId))
    for (let from = 0; from < rows.length; from += SESSIONS_A_PULL) {
      const batch = rows.slice(from, from + SESSIONS_A_PULL);
      started.push(...(await claimAndPull(services, starter, settings, siteId, batch, from)));
    }
  return started;
}

const idOf = ({ at, name }: EventPull): string => runId(at, `pull-${name}`);

/** Sets the pull into the rows first: whoever dies after that leaves rows from which it is made again. */
async function claimAndPull(
  services: Services,
  starter: RunStarter,
  settings: Settings,
  siteId: string,
  rows: readonly EventRow[],
  part: number,
): Promise<string[]> {
  const { state, log, now } = services;
  if (transfersFor(settings, siteId).length === 0) {
    log.info('Ended sessions are not pulled: no enabled schedule takes them', { site: siteId });
    for (const row of rows) await changeEvent(state, row, undefined);
    return [];
  }
  const pull: EventPull = { at: now() + part, name: `event-${siteId}` };
  try {
    await state.batch(
      'runs',
      'live',
      rows.map(({ key, etag, value: { again: _folded, ...value } }) => ({
        op: 'update',
        key,
        etag,
        value: { ...value, pull, tries: value.tries + 1 } satisfies SessionEvent,
      })),
    );
  } catch (error) {
    // Another host was faster, or a session was said again: what is left is the next tick's.
    if (error instanceof StateConflict) return [];
    throw error;
  }
  return start(services, starter, settings, siteId, pull, rows);
}

async function start(
  services: Services,
  starter: RunStarter,
  settings: Settings,
  siteId: string,
  pull: EventPull,
  rows: readonly EventRow[],
): Promise<string[]> {
  const lsids = rows.map(({ value }) => value.lsid);
  const run = await makePullRun(services.state, settings, {
    now: pull.at,
    name: pull.name,
    trigger: 'event',
    transfers: transfersFor(settings, siteId),
    selection: { by: 'lsids', lsids },
  });
  services.log.info('Ended sessions are pulled', { run: run.id, site: siteId, sessions: lsids.length });
  try {
    await starter.start(run.id);
  } catch (error) {
    // It is live: whoever looks after runs starts it.
    const { code, message } = reportFailure(error);
    services.log.warn('The pull of ended sessions was not started yet', { run: run.id, code, message });
  }
  return [run.id];
}

/** What of session reports an enabled schedule brings anywhere; each transfer once. */
function transfersFor({ schedules }: Settings, siteId: string): Transfer[] {
  const transfers = schedules
    .filter(({ enabled }) => enabled)
    .flatMap(transfersOf)
    .filter((transfer) => {
      const stream = streamOf(transfer.stream);
      return transfer.siteId === siteId && stream.from === 'session-report' && stream.report === 'session';
    });
  return [...new Map(transfers.map((transfer) => [transferKey(transfer), transfer])).values()];
}

/** After the pull has ended: what is whole is forgotten, the rest is pulled again later. */
async function settle(
  services: Services,
  starter: RunStarter,
  settings: Settings,
  rows: readonly EventRow[],
): Promise<string[]> {
  const { state, log, now } = services;
  const [first] = rows;
  if (!first?.value.pull) return [];
  const { pull, siteId } = first.value;
  const run = await getRun(state, idOf(pull));
  if (!run) {
    // Its host died between the two steps, or it is about to be made by another one: it is made once all the same.
    if (transfersFor(settings, siteId).length > 0)
      return start(services, starter, settings, siteId, pull, rows);
  } else if (!isFinished(run)) return [];
  const unfinished = run ? await notWhole(services, run) : () => false;
  for (const row of rows) {
    const { pull: _ended, again, ...value } = row.value;
    const pause = PAUSES[value.tries - 1];
    if (again) await changeEvent(state, row, { ...value, tries: 0, dueAt: now() + EVENT_DELAY });
    else if (!unfinished(value.lsid)) await changeEvent(state, row, undefined);
    else if (pause !== undefined) await changeEvent(state, row, { ...value, dueAt: now() + pause });
    else {
      log.info('An ended session is left to its schedules: it was not whole yet', {
        site: siteId,
        item: value.lsid,
        run: idOf(pull),
      });
      await changeEvent(state, row, undefined);
    }
  }
  return [];
}

/** Which sessions of a pull that has ended have to be asked for again. */
async function notWhole({ state }: Services, run: Run): Promise<(lsid: string) => boolean> {
  if (run.cancelRequested) return () => false;
  // What a person has to put right is not asked for again: the schedules' own runs tell of it.
  const failures = [run.failure, ...(run.results ?? []).map(({ failure }) => failure)];
  if (failures.some((failure) => failure && failure.kind !== 'terminal')) return () => true;
  const open = new Set<string>();
  for (const { unfinished } of (await runProgress(state, run.id)).values())
    for (const lsid of unfinished) open.add(lsid);
  return (lsid) => open.has(lsid);
}
