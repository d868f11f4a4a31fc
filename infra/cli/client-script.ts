import { join } from 'node:path';
import { z } from 'zod';
import { operations } from '../../shared/api/operations.ts';
import type { Command } from './command.ts';
import { type Extra, operationSubcommand } from './operation-command.ts';
import { optionLine } from './operation-usage.ts';
import { commandOf } from './subcommands.ts';
import { writeWhole } from './write-whole.ts';

const scriptSchema = z.object({
  url: z.string().optional(),
  // It becomes the name of a file here.
  fileName: z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/),
  content: z.string(),
});

const saved: Extra = {
  options: { out: { type: 'string' } },
  usage: [optionLine('--out DIR', 'Saves the script file in this folder.')],
  async run(answer, { values, terminal }) {
    const { url, fileName, content } = scriptSchema.parse(answer);
    if (values.json === true) terminal.out(`${JSON.stringify(answer)}\n`);
    else if (url !== undefined) terminal.out(`${url}\n`);
    if (typeof values.out === 'string') {
      const path = join(values.out, fileName);
      writeWhole(path, content);
      terminal.say(`Saved as ${path}.`);
    } else if (url === undefined && values.json !== true) terminal.out(content);
    return 0;
  },
};

/** URLs and files with which a console does something. */
export const clientScriptCommand: Command = commandOf(
  'client-script',
  'URLs and script files for consoles',
  operations
    .filter(({ path }) => path.startsWith('/sites/{id}/client-script'))
    .map(({ id, path }) =>
      operationSubcommand({
        verb: path.endsWith('/client-script') ? 'file' : path.slice(path.lastIndexOf('/') + 1),
        operation: id,
        words: ['SITE'],
        extra: saved,
      }),
    ),
);
