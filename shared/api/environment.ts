import type { RunStarter } from '../schedules/tick.ts';
import type { Services } from '../services.ts';

/** What a host hands in with each request. */
export interface ApiBindings {
  readonly services: Services;
  readonly starter: RunStarter;
  /** The same for reconciliations. */
  readonly reconciler?: RunStarter;
  /** Who asks, where the platform knows. */
  readonly caller?: string | undefined;
}

export type ApiEnvironment = { Bindings: ApiBindings };
