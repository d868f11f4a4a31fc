import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Terminal } from '../../infra/cli/command.ts';
import { runCli } from '../../infra/cli/run-cli.ts';
import { announceAddress } from '../../infra/local/api-address.ts';
import { apiHeaders, type Installation } from './installation.ts';

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly said: string;
}

/** Runs a command in this process, without a terminal. */
export async function cli(args: readonly string[], terminal: Partial<Terminal> = {}): Promise<Ended> {
  let out = '';
  let said = '';
  const code = await runCli(args, {
    out: (more) => {
      out += more;
    },
    say: (line) => {
      said += `${line}\n`;
    },
    progress: () => {},
    environment: {},
    ...terminal,
  });
  return { code, out, said };
}

/** What `npm start` leaves in the folder for the command line. */
export function letCliIn({ data, stack }: Installation): void {
  const token = apiHeaders.authorization?.replace('Bearer ', '') ?? '';
  writeFileSync(data.apiToken, `${token}\n`, { mode: 0o600 });
  announceAddress(data.folder, stack.host.url);
}

export interface CliProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Resolves when standard error has this. */
  said(part: string): Promise<void>;
  ended(): Promise<Ended>;
}

/** The command line as a process of its own. */
export function startCli(args: readonly string[], environment: NodeJS.ProcessEnv = {}): CliProcess {
  const main = fileURLToPath(new URL('../../infra/cli/main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
  });
  let error = '';
  const looks = new Set<() => void>();
  child.stderr.setEncoding('utf8').on('data', (more: string) => {
    error += more;
    for (const look of looks) look();
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    out += more;
  });
  const closed = once(child, 'close');
  return {
    child,
    async said(part) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = () => {
        if (error.includes(part)) resolve();
      };
      looks.add(look);
      void closed.then(() => reject(new Error(`it ended without saying "${part}": ${error}`)), reject);
      look();
      await promise.finally(() => looks.delete(look));
    },
    async ended() {
      const [code, signal] = (await closed) as [number | null, string | null];
      if (code === null) throw new Error(`it was ended by ${signal}`);
      return { code, out, said: error };
    },
  };
}
