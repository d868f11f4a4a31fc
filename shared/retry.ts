import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from './errors.ts';

export interface RetryOptions {
  /** All attempts, the first included. Default 3. */
  readonly attempts?: number;
  /** The wait before the second attempt is about this, and doubles from there. Default 500. */
  readonly baseMs?: number;
  /** No wait is longer; an answer that asks for a longer one is given to the caller. Default 20,000. */
  readonly maxMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** In [0, 1). For tests. */
  readonly random?: () => number;
}

/**
 * Does the work again after a transient `Failure`, with jittered, doubling waits, and not before `retryAfterMs`.
 * Anything else thrown, and the last failure, go to the caller. Only for work that may be done twice.
 */
export async function withRetry<T>(
  work: (attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const { attempts = 3, baseMs = 500, maxMs = 20_000, signal, random = Math.random } = options;
  for (let attempt = 1; ; attempt++) {
    throwIfCancelled(signal);
    try {
      return await work(attempt);
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== 'transient' || attempt >= attempts || signal?.aborted)
        throw error;
      const asked = error.retryAfterMs ?? 0;
      if (asked > maxMs) throw error;
      const backoff = Math.min(maxMs, baseMs * 2 ** (attempt - 1)) * (0.5 + random() / 2);
      await pause(Math.min(maxMs, Math.max(asked * (1 + random() / 10), backoff)), signal);
    }
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await wait(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throwIfCancelled(signal);
    throw error;
  }
}

export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal);
}

export function cancelled(signal: AbortSignal): Failure {
  const { reason } = signal;
  if (reason instanceof Failure) return reason;
  return new Failure('transient', 'cancelled', 'The work was cancelled.', { cause: reason });
}
