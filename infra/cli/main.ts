import type { Terminal } from './command.ts';
import { runCli } from './run-cli.ts';

function openTerminal(): Terminal {
  const { stdout, stderr } = process;
  let open = false;
  const clear = () => {
    if (open) stderr.write('\r\u001b[K');
    open = false;
  };
  return {
    out: (text) => {
      clear();
      stdout.write(text);
    },
    say: (line) => {
      clear();
      stderr.write(`${line}\n`);
    },
    progress: (line) => {
      if (!stderr.isTTY) return;
      clear();
      stderr.write(line.slice(0, (stderr.columns ?? 80) - 1));
      open = true;
    },
  };
}

process.exitCode = await runCli(process.argv.slice(2), openTerminal());
