import type { RunStarter } from '../schedules/tick.ts';
import type { Services } from '../services.ts';

/** What a host hands in with each request. */
export interface ApiBindings {
  readonly services: Services;
  readonly starter: RunStarter;
}

export type ApiEnvironment = { Bindings: ApiBindings };
