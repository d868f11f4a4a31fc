import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { INTERRUPTED, type Terminal } from './command.ts';
import { LineReader } from './line-reader.ts';

const ESC = '\u001b';

/** The terminal, or the pipes, that this process was started with. */
export function processTerminal(): Terminal & { close(): void } {
  const { stdin, stdout, stderr } = process;
  let open = 0;
  const clear = () => {
    if (open > 0) stderr.write(`\r${ESC}[K${`${ESC}[1A${ESC}[2K`.repeat(open - 1)}`);
    open = 0;
  };
  // Whoever reads has had enough, like head: nothing is wrong, and nothing is left to be said.
  for (const stream of [stdout, stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit(0);
    });
  const interruption = new AbortController();
  const interrupt = () => {
    // A second one means it.
    if (interruption.signal.aborted) process.exit(INTERRUPTED);
    interruption.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  let lines: LineReader | undefined;
  return {
    out: (text) => {
      clear();
      stdout.write(text);
    },
    say: (line) => {
      clear();
      stderr.write(`${line}\n`);
    },
    progress: (text) => {
      if (!stderr.isTTY) return;
      clear();
      if (text === '') return;
      const shown = text.split('\n').map((line) => line.slice(0, (stderr.columns || 80) - 1));
      const fitting = shown.slice(0, Math.max(1, (stderr.rows || 24) - 1));
      stderr.write(fitting.join('\n'));
      open = fitting.length;
    },
    ...(stdout.isTTY ? { width: stdout.columns || 80 } : {}),
    async drained() {
      if (stdout.writableNeedDrain) await once(stdout, 'drain');
    },
    ask(question, options = {}) {
      clear();
      lines ??= new LineReader(stdin, stderr, interruption.signal);
      return lines.ask(question, options.hidden === true);
    },
    input: async () => new Uint8Array(await buffer(stdin)),
    interrupted: interruption.signal,
    environment: process.env,
    close() {
      clear();
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
      lines?.close();
    },
  };
}
