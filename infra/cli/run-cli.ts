import { reportFailure } from '../../shared/errors.ts';
import { type Command, type Terminal, UsageError } from './command.ts';
import { sqlCommand } from './sql.ts';
import { verifyCommand } from './verify.ts';

const commands: readonly Command[] = [verifyCommand, sqlCommand];

const usage = `Integration Client for BeyondTrust on Azure

npm run cli -- COMMAND [options]

${commands.map(({ name, summary }) => `  ${name.padEnd(12)} ${summary}`).join('\n')}

npm run cli -- COMMAND --help lists a command's options.
`;

/** Resolves to the exit code; what is wrong is said in one line. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await runCommand(args, terminal);
  } catch (error) {
    terminal.say(error instanceof UsageError ? error.message : reportFailure(error).message);
    return 2;
  }
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
    terminal.out(command.usage);
    return 0;
  }
  return command.run(rest, terminal);
}
