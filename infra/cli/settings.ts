import type { Command } from './command.ts';
import { type Extra, operationSubcommand } from './operation-command.ts';
import { optionLine } from './operation-usage.ts';
import { commandOf } from './subcommands.ts';
import { writeWhole } from './write-whole.ts';

/** The document itself, for people and programs alike. */
export const asDocument: Extra = {
  options: { out: { type: 'string' } },
  usage: [optionLine('--out FILE', 'Into this file instead.')],
  async run(answer, { values, terminal }) {
    const text = `${JSON.stringify(answer, null, values.json === true ? undefined : 2)}\n`;
    if (typeof values.out === 'string') writeWhole(values.out, text);
    else terminal.out(text);
    return 0;
  },
};

export const settingsCommand: Command = commandOf(
  'settings',
  'the settings as one document, and their history',
  [
    operationSubcommand({ verb: 'show', operation: 'getSettings', extra: asDocument }),
    operationSubcommand({ verb: 'save', operation: 'putSettings', bodyIsFile: true, extra: asDocument }),
    operationSubcommand({ verb: 'export', operation: 'exportSettings', extra: asDocument }),
    operationSubcommand({ verb: 'import', operation: 'importSettings', bodyIsFile: true }),
    operationSubcommand({
      verb: 'history',
      operation: 'listSettingsVersions',
      columns: ['version', 'at', 'by', 'action', ['changes.length', 'changes']],
    }),
    operationSubcommand({ verb: 'version', operation: 'getSettingsVersion', extra: asDocument }),
    operationSubcommand({ verb: 'restore', operation: 'restoreSettingsVersion', extra: asDocument }),
  ],
);
