import { setTimeout as pause } from 'node:timers/promises';
import { showRun } from '../../shared/api/runs.ts';
import { reportFailure } from '../../shared/errors.ts';
import type { Services } from '../../shared/services.ts';
import { loadSettings } from '../../shared/settings/settings-store.ts';
import { announceAddress } from './api-address.ts';
import { ensureApiToken } from './api-token.ts';
import { closingLine } from './closing-line.ts';
import { type DataFolder, openDataFolder, refuseInUse } from './data-folder.ts';
import { type Demo, startDemo } from './demo.ts';
import { allRuns } from './engine.ts';
import { localLog, localPorts, localServices } from './local-services.ts';
import { readOptions, type StartOptions, usage } from './options.ts';
import { showProgress } from './progress-display.ts';
import { saveSettingsFile } from './settings-file.ts';
import { type Stack, startStack } from './stack.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);

/** `npm start`: the whole product in one process. */
async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const data = await openDataFolder(options.data, options.reset);
  // Before anything is saved: the instance that runs would go on with it.
  refuseInUse(options.data, '--data');
  const log = localLog(options.log ?? data.log, process.env.LOG_LEVEL ?? 'info');
  const apiToken = ensureApiToken(data.apiToken);
  const services = localServices(localPorts(data), log, { apiToken });
  let demo: Demo | undefined;
  let stack: Stack | undefined;
  try {
    demo = await prepareSettings(options, data, services);
    stack = await startStack({
      services,
      log,
      database: data.host,
      port: options.port,
      timers: options.once ? 'off' : 'on',
    });
    return options.once ? await once(stack) : await live(stack, options, demo, apiToken);
  } finally {
    await (stack?.close() ?? services.close());
    await demo?.close();
  }
}

async function prepareSettings(
  options: StartOptions,
  data: DataFolder,
  services: Services,
): Promise<Demo | undefined> {
  if (options.demo) return startDemo(data, services.state);
  if (options.settings !== undefined) await saveSettingsFile(services, options.settings);
  return undefined;
}

async function once(stack: Stack): Promise<number> {
  const progress = showProgress(stack.services.state, process.stderr);
  const runs = await stack.runOnce().finally(() => progress.stop());
  const { settings } = await loadSettings(stack.services.state);
  const succeeded = runs.every(({ status }) => status === 'succeeded');
  say(closingLine(runs, settings));
  if (runs.length === 0) say('There is no enabled schedule: nothing was run.');
  process.stdout.write(`${JSON.stringify({ succeeded, runs }, null, 2)}\n`);
  return succeeded ? 0 : 1;
}

async function live(
  stack: Stack,
  options: StartOptions,
  demo: Demo | undefined,
  apiToken: string,
): Promise<number> {
  const began = new Date().toISOString();
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  using _announced = announceAddress(options.data, stack.host.url);
  say(`Integration Client for BeyondTrust: API at ${stack.host.url}/api, everything else in ${options.data}`);
  for (const appliance of demo?.appliances ?? []) say(`Simulated appliance at ${appliance.address}`);
  say(`Token of the API (also in ${options.data}/api-token): ${apiToken}`);
  say('Stop it with Ctrl-C; it goes on where it stopped.');
  await stack.resume();
  if (demo) await stack.startNewSchedules();
  const progress = showProgress(stack.services.state, process.stderr);
  while (!stop.signal.aborted)
    await pause(60_000, undefined, { signal: stop.signal }).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
  say('Stopping …');
  await progress.stop();
  const { settings } = await loadSettings(stack.services.state);
  const runs = (await allRuns(stack.services.state)).filter(
    ({ finishedAt }) => finishedAt === undefined || finishedAt >= began,
  );
  // Of one that is still going, what has been done so far.
  const shown = await Promise.all(runs.map(({ id }) => showRun(stack.services, id)));
  say(closingLine(shown, settings));
  const going = runs.filter(({ finishedAt }) => finishedAt === undefined).length;
  if (going === 1) say('A run is not done: the next start goes on with it.');
  else if (going > 1) say(`${going} runs are not done: the next start goes on with them.`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error instanceof Error ? reportFailure(error).message : String(error));
  process.exitCode = 2;
}
