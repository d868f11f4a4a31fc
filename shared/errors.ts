/**
 * The one error type of the product. The caller decides on retry from `kind` alone, never from message text.
 *
 * - `terminal`: stop and tell a person (wrong secret, missing permission, bad setting, full disk)
 * - `transient`: retry with jitter (connection reset, stall, 429, 500, truncated body)
 * - `item`: about one item only; it goes to the item ledger (recording expired, not ready, refused)
 */
export type FailureKind = 'terminal' | 'transient' | 'item';

export class Failure extends Error {
  override readonly name = 'Failure';
  /** Stable, lower-case, words joined by hyphens: `wrong-secret`, `truncated`, `recording-expired` … */
  readonly code: string;
  readonly kind: FailureKind;
  /** For `transient`: do not try again before this many milliseconds have passed. */
  readonly retryAfterMs: number | undefined;

  /**
   * @param message one line: what failed, where (site or destination name, host, file), what to do. No secret, no
   *   URL with a capability in it, no stack.
   */
  constructor(
    kind: FailureKind,
    code: string,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** What may be stored, returned from an activity and shown: no cause, no stack. */
export interface FailureReport {
  readonly kind: FailureKind | 'internal';
  readonly code: string;
  readonly message: string;
}

/** Turns anything thrown into something that may be shown. An unknown throwable is an internal error. */
export function reportFailure(error: unknown): FailureReport {
  if (error instanceof Failure) return { kind: error.kind, code: error.code, message: error.message };
  const text = error instanceof Error ? error.message : String(error);
  return { kind: 'internal', code: 'internal', message: text.split('\n', 1)[0] ?? 'unknown error' };
}
