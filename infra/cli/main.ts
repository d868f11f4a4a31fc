import { processTerminal } from './process-terminal.ts';
import { runCli } from './run-cli.ts';

const terminal = processTerminal();
process.exitCode = await runCli(process.argv.slice(2), terminal);
await terminal.drained?.();
terminal.close();
