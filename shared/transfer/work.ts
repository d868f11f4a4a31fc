import { setTimeout as pause } from 'node:timers/promises';
import type { Origin } from '../destinations/destination.ts';
import { type FailureReport, reportFailure } from '../errors.ts';
import { logEvents } from '../log-events.ts';
import { getRun, type Run } from '../runs/run.ts';
import { type RunSettings, runSettings } from '../runs/run-settings.ts';
import type { Services } from '../services.ts';
import { siteIn } from '../settings/named-item.ts';
import { recordedHost, type Site } from '../settings/site.ts';

/** One activity works this long at most, then says where to go on: the platform may take an instance away. */
const WORK_MS = 4 * 60_000;
const CANCEL_POLL_MS = 1000;

/** What a piece of work on one site of one run has at hand. */
export interface Work {
  readonly services: Services;
  readonly run: Run;
  readonly settings: RunSettings;
  readonly site: Site;
  /** Aborts when the run is cancelled. */
  readonly signal: AbortSignal;
  /** Milliseconds, our clock. */
  readonly began: number;
  /** Time is up: begin nothing new. */
  timeIsUp(): boolean;
}

export type Outcome<T> =
  | ({ readonly status: 'done' } & T)
  | { readonly status: 'failed'; readonly failure: FailureReport }
  | { readonly status: 'cancelled' };

class Cancelled extends Error {}

/**
 * Runs one activity's work. Failures come back as values, since thrown text enters the orchestration's history; an
 * unexpected one is logged with its stack and comes back as `internal`.
 */
export async function work<T>(
  services: Services,
  input: { readonly runId: string; readonly siteId: string },
  does: (work: Work) => Promise<T>,
): Promise<Outcome<T>> {
  const stop = new AbortController();
  const ended = new AbortController();
  const log = services.log;
  try {
    const run = await getRun(services.state, input.runId);
    if (!run) throw new Error(`no run ${input.runId}`);
    if (run.cancelRequested) return { status: 'cancelled' };
    const settings = await runSettings(services.state, run.id);
    const site = siteIn(settings, input.siteId);
    const began = services.now();
    const until = began + WORK_MS;
    void watchCancel(services, run.id, stop, ended.signal);
    const timeIsUp = () => services.now() >= until;
    return {
      status: 'done',
      ...(await does({ services, run, settings, site, signal: stop.signal, began, timeIsUp })),
    };
  } catch (error) {
    if (stop.signal.aborted && stop.signal.reason instanceof Cancelled) return { status: 'cancelled' };
    const failure = reportFailure(error);
    const fields = { run: input.runId, site: input.siteId, code: failure.code };
    if (failure.kind === 'internal')
      log.error(logEvents.unexpectedInRun, {
        ...fields,
        stack: error instanceof Error ? error.stack : String(error),
      });
    else log.warn(failure.message, fields);
    return { status: 'failed', failure };
  } finally {
    ended.abort();
  }
}

async function watchCancel(
  services: Services,
  runId: string,
  stop: AbortController,
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted) {
    try {
      await pause(CANCEL_POLL_MS, undefined, { signal: ended, ref: false });
      if ((await getRun(services.state, runId))?.cancelRequested)
        stop.abort(new Cancelled('The run was cancelled.'));
    } catch (error) {
      // The store may fail for a moment; the work itself meets it too and reports it. Look again later.
      if (!ended.aborted) services.log.debug('Could not look for a cancel request', { error: String(error) });
    }
  }
}

export function originOf(site: Site, extra: { applianceId?: string; apiVersion?: string } = {}): Origin {
  return {
    siteId: site.id,
    host: recordedHost(site),
    ...(extra.applianceId === undefined ? {} : { applianceId: extra.applianceId }),
    ...(extra.apiVersion === undefined ? {} : { apiVersion: extra.apiVersion }),
  };
}
