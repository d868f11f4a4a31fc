import { setTimeout as pause } from 'node:timers/promises';
import { runSchema } from '../../shared/api/run-answers.ts';
import { ApiClient } from './api-client.ts';
import { CliError, INTERRUPTED, type Terminal } from './command.ts';
import { progressLines, runExitCode, runText, type ShownRun } from './run-lines.ts';

const FIRST_MS = 200;
const LONGEST_MS = 2_000;

export interface Waiting {
  /** Ctrl-C cancels the run; without it the run goes on. */
  readonly cancelOnInterrupt?: boolean;
  readonly json?: boolean;
}

/** Shows how far a run is until it has ended. Resolves to the exit code. */
export async function waitForRun(
  client: ApiClient,
  id: string,
  { cancelOnInterrupt = false, json = false }: Waiting,
  terminal: Terminal,
): Promise<number> {
  try {
    terminal.say(`Waiting for run ${id}; Ctrl-C stops waiting${cancelOnInterrupt ? ' and cancels it' : ''}.`);
    const run = await ended(client, id, terminal);
    terminal.progress('');
    terminal.out(json ? `${JSON.stringify(run)}\n` : runText(run));
    return runExitCode(run);
  } catch (error) {
    terminal.progress('');
    if (!terminal.interrupted?.aborted) {
      if (error instanceof CliError)
        terminal.say(`Run ${id} does not depend on this command: runs watch ${id} shows it again.`);
      throw error;
    }
    throw new CliError(INTERRUPTED, await afterInterrupt(client, id, cancelOnInterrupt), { cause: error });
  }
}

async function ended(client: ApiClient, id: string, terminal: Terminal): Promise<ShownRun> {
  const { interrupted, progress } = terminal;
  for (let wait = FIRST_MS; ; wait = Math.min(LONGEST_MS, wait * 1.5)) {
    const run = runSchema.parse(await client.json('GET', `/runs/${encodeURIComponent(id)}`));
    if (run.finishedAt !== undefined) return run;
    progress(progressLines(run));
    await pause(wait, undefined, interrupted ? { signal: interrupted } : {});
  }
}

async function afterInterrupt(client: ApiClient, id: string, cancel: boolean): Promise<string> {
  if (!cancel) return `The run goes on: runs watch ${id} shows it again, runs cancel ${id} cancels it.`;
  // The first client asks nothing more.
  const another = new ApiClient(client.instance);
  await another.ask('POST', `/runs/${encodeURIComponent(id)}/cancel`);
  return `The run is being cancelled: runs show ${id} shows what was done.`;
}
