/** One command of `npm run cli -- NAME …`: a file each, listed in run-cli.ts. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `--help` says. */
  readonly usage: string;
  /** Resolves to the exit code. Throws UsageError or Failure with one line for a person: exit code 2. */
  run(args: readonly string[], terminal: Terminal): Promise<number>;
}

/** Where a command writes: results to `out`, everything else to `say`. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly say: (line: string) => void;
  /** A line that replaces itself; nothing where there is no terminal. */
  readonly progress: (line: string) => void;
}

/** Bad input, in one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
