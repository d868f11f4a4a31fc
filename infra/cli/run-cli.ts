import { z } from 'zod';
import { reportFailure } from '../../shared/errors.ts';
import { CliError, type Command, exitCodes, type Terminal, UsageError } from './command.ts';
import { commands } from './commands.ts';
import { instanceUsage } from './instance.ts';

const usage = `Integration Client for BeyondTrust on Azure

npm run cli -- COMMAND [options]

${commands.map(({ name, summary }) => `  ${name.padEnd(14)} ${summary}`).join('\n')}

npm run cli -- COMMAND --help lists a command's options.

${instanceUsage}
verify and sql do not ask an instance: they work on its data themselves.
${exitCodes}
`;

/** Resolves to the exit code; what is wrong is said in one line. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await runCommand(args, terminal);
  } catch (error) {
    const message = lineOf(error);
    if (message !== '') terminal.say(message);
    return error instanceof CliError ? error.exitCode : 2;
  }
}

function lineOf(error: unknown): string {
  if (error instanceof UsageError || error instanceof CliError) return error.message;
  if (!(error instanceof z.ZodError)) return reportFailure(error).message;
  const [{ path = [], message = '' } = {}] = error.issues;
  return `What came is not what this command line knows (${path.join('.')}: ${message}): is the instance of another version?`;
}

async function runCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === 'help') {
    terminal.out(usage);
    return name === undefined ? 2 : 0;
  }
  const command = commands.find((one) => one.name === name);
  if (command === undefined) throw new UsageError(`There is no command "${name}"; --help lists them.`);
  if (rest.includes('--help')) {
    terminal.out(usageOf(command, rest));
    return 0;
  }
  return command.run(rest, terminal);
}

function usageOf({ usage: text }: Command, rest: readonly string[]): string {
  return typeof text === 'string' ? text : text(rest.filter((word) => word !== '--help'));
}
