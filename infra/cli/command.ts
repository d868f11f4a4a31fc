/** One command of `npm run cli -- NAME …`: a file each, listed in commands.ts. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `--help` says. */
  readonly usage: string | ((args: readonly string[]) => string);
  /** Ids of the API's operations that this command reaches. */
  readonly operations?: readonly string[];
  /**
   * Resolves to the exit code: 0 done, 1 what was asked for failed or is not whole. Throws UsageError or Failure with
   * one line for a person: exit code 2; CliError brings its own.
   */
  run(args: readonly string[], terminal: Terminal): Promise<number>;
}

/** Where a command writes: results to `out`, everything else to `say`. What a test leaves out is not there. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly say: (line: string) => void;
  /** Lines that replace themselves; nothing where there is no terminal. Empty: takes them away. */
  readonly progress: (lines: string) => void;
  /** Columns of `out`; absent where it is no terminal. */
  readonly width?: number | undefined;
  /** Resolves when what was given to `out` has gone on, so that a slow reader holds up who writes. */
  readonly drained?: () => Promise<void>;
  /** An answer, one line; undefined when there are no more. A hidden one is not shown while it is typed. */
  readonly ask?: (question: string, options?: { readonly hidden?: boolean }) => Promise<string | undefined>;
  /** Everything that is piped in. */
  readonly input?: () => Promise<Uint8Array>;
  /** Ctrl-C. */
  readonly interrupted?: AbortSignal;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Bad input, in one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What ends a command, in one line, with its exit code. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** As shells have it. */
export const INTERRUPTED = 130;

export const exitCodes =
  'Exit code: 0 done; 1 failed, or not whole; 2 bad input, or nothing to talk to; 130 interrupted.';
