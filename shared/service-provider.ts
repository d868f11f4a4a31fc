import { composeServices } from './compose.ts';
import { reportFailure } from './errors.ts';
import { logEvents } from './log-events.ts';
import { consoleLog } from './runs/console-log.ts';
import type { Services } from './services.ts';

let provide: () => Services = () => composeServices(process.env);
let made: Services | undefined;

/** Says how this process gets its services; before the first use. The local host hands in its own. */
export function provideServices(factory: () => Services): void {
  made = undefined;
  provide = factory;
}

/** The services of this process, made at the first call: loading functions must stay cheap. */
export function services(): Services {
  made ??= provide();
  return made;
}

/**
 * Makes the services as the process starts, so that an application setting that is missing or malformed is told at
 * once, in one line. The host stays up: whoever asks for the services later gets the same failure.
 */
export function prepareServices(): void {
  try {
    services();
  } catch (error) {
    const { code, message } = reportFailure(error);
    consoleLog(console, 'error').error(logEvents.startFailed, { code, reason: message });
  }
}

/** As the process ends: what was logged and still waits is written. */
export async function flushLogs(): Promise<void> {
  await made?.logs?.flush();
}
