import { loadPlugin } from '../destinations/index.ts';
import { Failure, reportFailure } from '../errors.ts';
import type { Services } from '../services.ts';
import type { DestinationSetting } from '../settings/destination.ts';
import { badField } from './problem.ts';
import { checked } from './read-request.ts';

/** The platform gives up an answer after 230 s. Milliseconds. */
const PATIENCE = 150_000;

/**
 * Does what storing does, with a connection of its own. What is wrong with the place comes back as a value; settings
 * that the plugin does not take are refused with their fields.
 */
export async function testDestination(
  services: Services,
  setting: DestinationSetting,
  secrets?: Readonly<Record<string, string>>,
) {
  const plugin = await loadPlugin(setting.plugin);
  if (!plugin || plugin.problem !== undefined)
    throw badField('plugin', plugin?.problem?.replace(/\.$/, '') ?? `there is no plugin "${setting.plugin}"`);
  const settings = checked('Settings', plugin.settings, setting.settings ?? {});
  const began = performance.now();
  const trial = services.trial(secrets);
  try {
    await withinPatience(setting.name, async () => {
      const destination = await trial.destination({ ...setting, settings });
      await destination.check();
    });
    return { ok: true, seconds: secondsSince(began) };
  } catch (error) {
    const failure = reportFailure(error);
    if (failure.kind === 'internal') throw error;
    return { ok: false, seconds: secondsSince(began), failure };
  } finally {
    await trial.close();
  }
}

async function withinPatience(name: string, work: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `Destination "${name}" did not answer within ${PATIENCE / 1000} seconds.`;
      reject(new Failure('transient', 'stalled', message));
    }, PATIENCE);
  });
  try {
    await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function secondsSince(began: number): number {
  return Math.round(performance.now() - began) / 1000;
}
