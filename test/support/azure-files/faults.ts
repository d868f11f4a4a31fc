import type { Operation } from './file-request.ts';
import { ServiceError } from './service-error.ts';

/** One order to fail. */
export interface Fault {
  /** Left out: any. */
  readonly operation?: Operation;
  /** How many that fit are let through first; default none. */
  readonly skip?: number;
  /** `before` it is done, or `after`, so that only the answer is lost. */
  readonly when: 'before' | 'after';
  /** Cut the connection, or say this. */
  readonly how: 'drop' | { readonly status: number; readonly code: string };
  /** How often; default once. */
  readonly times?: number;
}

/**
 * Carries out the order that fits, if there is one. True when the connection is to be cut.
 *
 * @throws ServiceError what is to be said
 */
export function takeFault(faults: Fault[], operation: Operation, when: Fault['when']): boolean {
  const at = faults.findIndex(
    (fault) => fault.when === when && (fault.operation === undefined || fault.operation === operation),
  );
  const fault = faults[at];
  if (fault === undefined) return false;
  const { times = 1, skip = 0, how } = fault;
  const left = skip > 0 ? { ...fault, skip: skip - 1 } : { ...fault, times: times - 1 };
  faults.splice(at, 1, ...(left.times === 0 ? [] : [left]));
  if (skip > 0) return false;
  if (how === 'drop') return true;
  throw new ServiceError(how.status, how.code);
}
