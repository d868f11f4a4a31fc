import { composeServices } from './compose.ts';
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
