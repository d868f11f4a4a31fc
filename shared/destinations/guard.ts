import { Failure, type FailureKind } from '../errors.ts';

const kinds: readonly unknown[] = ['terminal', 'transient', 'item'] satisfies FailureKind[];

/** Whose calls are guarded, for messages. */
export interface Guarded {
  readonly packageName: string;
  /** Destination Name. */
  readonly destination: string;
}

/**
 * Calls into a package: what it throws comes out as a `Failure` that names it, and what does not come back is given up
 * after `ms`. A package throws errors of its own, so theirs are known by their `kind` and `code`.
 */
export async function guarded<T>(
  at: Guarded,
  what: string,
  ms: number,
  call: () => T | Promise<T>,
): Promise<T> {
  try {
    return await within(ms, what, call);
  } catch (error) {
    throw failureOf(at, what, error);
  }
}

export function failureOf(at: Guarded, what: string, error: unknown): Failure {
  const where = `Destination "${at.destination}" (package ${at.packageName})`;
  if (error instanceof Error && 'kind' in error && kinds.includes(error.kind)) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : 'plugin-failed';
    const retryAfterMs = 'retryAfterMs' in error ? error.retryAfterMs : undefined;
    return new Failure(error.kind as FailureKind, code, `${where}: ${firstLine(error)}`, {
      cause: error,
      ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
    });
  }
  return new Failure('transient', 'plugin-failed', `${where} failed at ${what}: ${firstLine(error)}`, {
    cause: error,
  });
}

/** Rejects when `call` has not come back in time. What goes on behind cannot be stopped. */
export async function within<T>(ms: number, what: string, call: () => T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([call(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Addresses may carry what opens them. */
export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = (text.split('\n', 1)[0] ?? '').replaceAll(/\b(?!file:)[a-z][a-z0-9+.-]*:\/\/\S+/gi, '[URL]');
  return line.length > 300 ? `${line.slice(0, 299)}…` : line || 'no reason given';
}
