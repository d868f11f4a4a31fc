import { connect } from './api-client.ts';
import { askSecret } from './ask.ts';
import { type Command, UsageError } from './command.ts';
import { operationSubcommand } from './operation-command.ts';
import { commonOptions, operationNamed, pathOf } from './operation-shape.ts';
import { optionLine, usageEnd } from './operation-usage.ts';
import { readWords } from './read-args.ts';
import { commandOf, type Subcommand } from './subcommands.ts';

const set: Subcommand = {
  verb: 'set',
  words: 'NAME',
  summary: 'sets the value of a secret: asked for, or piped in; never an argument',
  operations: ['putSecret'],
  usage: () =>
    [
      optionLine('--stdin', 'The value is all that is piped in, but for a line end at its end.'),
      '',
      usageEnd(operationNamed('putSecret')),
    ].join('\n'),
  async run(args, terminal) {
    const { values, words } = readWords(args, { ...commonOptions, stdin: { type: 'boolean' } }, ['NAME']);
    const client = connect(values, terminal);
    const [name = ''] = words;
    const value = values.stdin
      ? new TextDecoder().decode(await terminal.input?.()).replace(/\r?\n$/, '')
      : await askSecret(`Value of ${name}`, terminal);
    if (value === '') throw new UsageError('Nothing was piped in.');
    await client.ask('PUT', pathOf(operationNamed('putSecret'), words), { body: { value } });
    terminal.say(`${name} is set.`);
    return 0;
  },
};

export const secretsCommand: Command = commandOf('secrets', 'which secrets are needed and set; set one', [
  operationSubcommand({
    verb: 'list',
    operation: 'listSecrets',
    rows: { field: 'secrets', columns: ['name', 'state', 'usedBy', 'reason'] },
  }),
  set,
]);
