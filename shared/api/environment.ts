import type { AuditNote } from '../access/audit-log.ts';
import type { Principal } from '../access/roles.ts';
import type { RunStarter } from '../schedules/tick.ts';
import type { Services } from '../services.ts';

/** What a host hands in with each request. */
export interface ApiBindings {
  readonly services: Services;
  readonly starter: RunStarter;
  /** The same for reconciliations. */
  readonly reconciler?: RunStarter;
  /** Who asks. Throws `Failure` `unauthenticated` (401) or `forbidden` (403). */
  authenticate(headers: Headers): Promise<Principal>;
}

export type ApiEnvironment = {
  Bindings: ApiBindings;
  Variables: {
    principal?: Principal;
    /** Adds to what the audit log says of the outcome. */
    note?: (more: AuditNote) => void;
  };
};
