import { startImportSchema } from '../../shared/api/import-answers.ts';
import { runSchema } from '../../shared/api/run-answers.ts';
import { type ApiClient, connect } from './api-client.ts';
import { askSecret } from './ask.ts';
import { CliError, type Command, INTERRUPTED, type Terminal, UsageError } from './command.ts';
import { type Given, sent } from './operation-body.ts';
import { operationSubcommand } from './operation-command.ts';
import { fieldsOf, parsingOf } from './operation-options.ts';
import { commonOptions, operationNamed } from './operation-shape.ts';
import { fieldLine, optionLine, usageEnd } from './operation-usage.ts';
import { textFile } from './option-values.ts';
import { thenWait } from './pull.ts';
import { readFiles } from './read-args.ts';
import { waitingOptions, waitingUsage } from './runs.ts';
import { commandAlone, commandOf } from './subcommands.ts';
import { uploadFile } from './upload.ts';

const own = {
  ...commonOptions,
  ...waitingOptions,
  'no-wait': { type: 'boolean' },
  keep: { type: 'boolean' },
  'part-bytes': { type: 'string' },
  'client-id': { type: 'string' },
  username: { type: 'string' },
  'secret-file': { type: 'string' },
} as const;

const fields = fieldsOf(startImportSchema, 'body', new Set([...Object.keys(own), 'account'])).filter(
  ({ field }) => field !== 'account',
);

export const importCommand: Command = commandAlone({
  verb: 'import',
  words: 'FILE…',
  summary: 'load sessions from XML files, single or zipped, and fetch their recordings',
  operations: [
    'createImport',
    'putImportPart',
    'listImports',
    'getImport',
    'startImport',
    'deleteImport',
    'getRun',
  ],
  usage: () =>
    [
      'Files are sent in parts; the same command goes on where it was cut off.',
      '',
      ...fields.map(fieldLine),
      optionLine(
        '--client-id ID',
        'OAuth client id at --host, for this load only. Its secret is asked for, or taken from',
      ),
      optionLine(
        '--username NAME',
        'INTEGRATION_CLIENT_SITE_SECRET or --secret-file. --username: of a legacy API account.',
      ),
      optionLine('--secret-file FILE', 'File with that secret.'),
      optionLine('--part-bytes NUMBER', 'Bytes of a part, for slow lines; at most 33554432 (8388608).'),
      optionLine('--no-wait', 'Does not wait for the load.'),
      optionLine('--keep', 'Keeps what was sent after it was loaded whole.'),
      waitingUsage,
      optionLine('--json', 'The runs as JSON, a line for each file.'),
      '',
      usageEnd(operationNamed('startImport')),
    ].join('\n'),
  async run(args, terminal) {
    const { values, words } = readFiles(args, { ...own, ...parsingOf(fields) } as typeof own &
      Record<string, { type: 'string' }>);
    const given: Given = values;
    for (const { option, isRequired } of fields)
      if (isRequired && given[option] === undefined)
        throw new UsageError(`--${option}: is missing; --help lists the options.`);
    const client = connect(values, terminal);
    const account = await accountOf(given, terminal);
    const body = { ...sent(fields, 'body', given), ...(account ? { account } : {}) };
    let code = 0;
    for (const path of words) code = Math.max(code, await importOne(client, path, body, given, terminal));
    return code;
  },
});

async function importOne(
  client: ApiClient,
  path: string,
  body: object,
  values: Given,
  terminal: Terminal,
): Promise<number> {
  const { id } = await uploadFile(client, path, partBytesOf(values), (parts, of) =>
    terminal.progress(`${path}: part ${parts} of ${of} sent`),
  ).catch((error: unknown) => {
    if (!terminal.interrupted?.aborted) throw error;
    throw new CliError(INTERRUPTED, 'Interrupted; the same command goes on with the parts that are missing.');
  });
  terminal.progress('');
  terminal.say(`${path} is there as import ${id}.`);
  const answer = await client.json('POST', `/imports/${id}/start`, { body });
  const wait = values['no-wait'] !== true;
  const code = await thenWait.run(answer, { client, values: { ...values, wait }, terminal });
  if (!wait || values['dry-run'] === true) return code;
  if (code !== 0) terminal.say(`imports faults ${id} says what was not loaded.`);
  else if (values.keep !== true) {
    const { runId } = (await client.json('GET', `/imports/${id}`)) as { runId?: string };
    const run = runSchema.parse(await client.json('GET', `/runs/${runId}`));
    if (run.status === 'succeeded') await client.ask('DELETE', `/imports/${id}`);
  }
  return code;
}

function partBytesOf({ 'part-bytes': given }: Given): number | undefined {
  if (given === undefined) return undefined;
  if (typeof given === 'string' && /^[1-9]\d{0,9}$/.test(given)) return Number(given);
  throw new UsageError(`--part-bytes ${String(given)}: give a whole number.`);
}

/** Of a host that is in no settings; the secret is never an argument. */
async function accountOf(values: Given, terminal: Terminal): Promise<object | undefined> {
  const { 'client-id': clientId, username, 'secret-file': file } = values;
  if (clientId === undefined && username === undefined) return undefined;
  if (clientId !== undefined && username !== undefined)
    throw new UsageError('Give --client-id or --username, not both.');
  const secret =
    typeof file === 'string'
      ? textFile('--secret-file', file).trimEnd()
      : (terminal.environment?.INTEGRATION_CLIENT_SITE_SECRET ??
        (await askSecret(clientId === undefined ? 'Password' : 'OAuth client secret', terminal)));
  return clientId === undefined
    ? { kind: 'legacy', username, password: secret }
    : { kind: 'oauth', clientId, clientSecret: secret };
}

export const importsCommand: Command = commandOf(
  'imports',
  'files that were sent to be loaded, and how their loads go',
  [
    operationSubcommand({
      verb: 'list',
      operation: 'listImports',
      columns: ['id', 'name', 'size', 'state', 'received', 'parts', 'createdAt', 'run.status'],
    }),
    operationSubcommand({ verb: 'show', operation: 'getImport' }),
    operationSubcommand({ verb: 'start', operation: 'startImport', extra: thenWait }),
    operationSubcommand({ verb: 'cancel', operation: 'cancelImport' }),
    operationSubcommand({
      verb: 'faults',
      operation: 'listImportFaults',
      columns: ['file', 'at', 'lsid', 'reason'],
    }),
    operationSubcommand({ verb: 'remove', operation: 'deleteImport', done: 'Removed.' }),
  ],
);
