import { withLogFields } from '../log.ts';
import { followSettings } from '../runs/follow-settings.ts';
import { transferParts } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { type ActivityName, activities } from './activities.ts';

/** What inputs of activities have in common, as far as they do. */
interface CommonInput {
  readonly runId?: string;
  readonly siteId?: string;
  readonly stream?: string;
  readonly transfer?: string;
}

/**
 * One activity as the engine asks for it. All that it logs names the run, the orchestration (`instance`), the activity,
 * and what it is about.
 */
export async function runActivity(
  services: Services,
  name: ActivityName,
  input: unknown,
  instance: string | undefined,
): Promise<unknown> {
  const { runId, siteId, stream, transfer } = Object(input) as CommonInput;
  const of = transfer === undefined ? undefined : transferParts(transfer);
  const fields = {
    log: 'service',
    run: runId,
    instance,
    activity: name,
    site: siteId ?? of?.siteId,
    stream: stream ?? of?.stream,
    destination: of?.destinationId,
  };
  const activity = activities[name] as (at: Services, input: unknown) => Promise<unknown>;
  return withLogFields(fields, async () => {
    await followSettings(services);
    const began = performance.now();
    services.log.debug('Activity began');
    try {
      return await activity(services, input);
    } finally {
      services.log.debug('Activity ended', { ms: Math.round(performance.now() - began) });
    }
  });
}
