import type { ApplianceInfo } from '../appliance/appliance.ts';
import { checkPermissions } from '../appliance/permissions.ts';
import { type FailureReport, reportFailure } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Settings } from '../settings/settings.ts';
import { loadSettings } from '../settings/settings-store.ts';
import type { Site } from '../settings/site.ts';
import { notThere, unavailable } from '../streams/available.ts';
import { streamOf, streams } from '../streams/index.ts';
import type { Stream, StreamId } from '../streams/stream.ts';
import { askSite } from './at-site.ts';

/** Of one who waits for the answer. Milliseconds. */
const PATIENCE = 60_000;

export interface SiteTestOptions {
  readonly dataTypes?: readonly StreamId[] | undefined;
  /** Value of the account's secret, for this once. */
  readonly secret?: string | undefined;
}

/**
 * Asks the appliance who it is and what the account may do, with a connection and a token of its own: what was cached
 * before a secret changed proves nothing. What is wrong comes back as a value; only an error of our own is thrown.
 */
export async function testSite(services: Services, site: Site, options: SiteTestOptions) {
  const { settings } = await loadSettings(services.state);
  const { secret, dataTypes } = options;
  const patience = AbortSignal.timeout(PATIENCE);
  const trial = services.trial(secret === undefined ? {} : { [site.account.secret]: secret });
  try {
    const appliance = trial.appliance(site);
    // The limits are those of the site that is known; a draft of another one has none yet.
    const known = settings.sites.find(({ id }) => id === site.id);
    const info = known
      ? await askSite(
          services,
          known,
          (signal) => appliance.info({ signal: AbortSignal.any([signal, patience]) }),
          PATIENCE / 3,
        )
      : await appliance.info({ signal: patience });
    return resultOf(site, info, dataTypes ?? wantedOf(settings, site, info), services.now());
  } catch (error) {
    return { ok: false, failure: patience.aborted ? noAnswer(site) : failureOf(error) };
  } finally {
    await trial.close();
  }
}

function failureOf(error: unknown): FailureReport {
  const failure = reportFailure(error);
  if (failure.kind === 'internal') throw error;
  return failure;
}

function noAnswer({ name, host }: Site): FailureReport {
  const message = `Site "${name}" (${host}) did not answer within ${PATIENCE / 1000} seconds; look at the host name and at what stands in between.`;
  return { kind: 'transient', code: 'no-answer', message };
}

/** What schedules pull of it, else all that its product has. */
function wantedOf({ schedules }: Settings, { id }: Site, { product }: ApplianceInfo): StreamId[] {
  const scheduled = schedules
    .flatMap(({ transfers }) => transfers)
    .filter(({ site }) => site === id)
    .flatMap(({ dataTypes }) => dataTypes);
  if (scheduled.length > 0) return [...new Set(scheduled)];
  return streams.filter(({ products }) => products.includes(product)).map((stream) => stream.id);
}

function resultOf(site: Site, info: ApplianceInfo, wanted: readonly StreamId[], now: number) {
  const { product, apiVersion, applianceId, permissions, clock } = info;
  const dataTypes = [...new Set(wanted)].map((id) => stateOf(streamOf(id), info, site));
  const missing = dataTypes
    .filter(({ state }) => state === 'missing-permission')
    .flatMap((type) => type.permissions.filter((name) => Object.hasOwn(permissions ?? {}, name)));
  return {
    ok: dataTypes.every(({ state }) => state === 'available' || state === 'unknown'),
    product,
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(applianceId === undefined ? {} : { applianceId }),
    clock: {
      appliance: new Date(info.now * 1000).toISOString(),
      by: clock,
      difference: info.now - Math.floor(now / 1000),
    },
    permissions: checkPermissions(info),
    ...(permissions === undefined ? {} : { held: permissions }),
    dataTypes,
    missing: [...new Set(missing)],
  };
}

function stateOf(stream: Stream, info: ApplianceInfo, { name, host }: Site) {
  const { id, title, permissions } = stream;
  const failure = unavailable(stream, info, `"${name}" (${host})`);
  const told = permissions.some((permission) => Object.hasOwn(info.permissions ?? {}, permission));
  const about = { id, title, permissions: [...permissions] };
  if (!failure) return { ...about, state: told ? 'available' : 'unknown' };
  const state = notThere.has(failure.code) ? 'not-there' : 'missing-permission';
  return { ...about, state, message: failure.message };
}
