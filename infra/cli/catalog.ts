import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileSchema, sessionFilesSchema } from '../../shared/api/catalog-answers.ts';
import { safeComponent } from '../../shared/destinations/file/safe-name.ts';
import { connect } from './api-client.ts';
import { CliError, type Command, INTERRUPTED, UsageError } from './command.ts';
import { downloadFile } from './download.ts';
import { operationSubcommand } from './operation-command.ts';
import { commonOptions, operationNamed } from './operation-shape.ts';
import { optionLine, usageEnd } from './operation-usage.ts';
import { readWords } from './read-args.ts';
import { commandOf, type Subcommand } from './subcommands.ts';
import { detailText, Table } from './table.ts';

const fileColumns = ['stream', 'destination', 'state', 'size', 'storedAt', 'name', 'id'];

/** Ids are long, and whoever sees them wants to copy them: they are never cut. */
function sessionText(answer: unknown): string {
  const { session, files, destinations } = sessionFilesSchema.parse(answer);
  return [
    detailText(session, undefined),
    ...(files.length > 0 ? ['\nfiles:\n', new Table(fileColumns, undefined).text(files)] : []),
    ...destinations.map(({ id, note }) => `\n${id}: ${note}\n`),
  ].join('');
}

const download: Subcommand = {
  verb: 'download',
  words: 'FILE-ID',
  summary: 'the content of a stored file, in parts; goes on where it was cut off',
  operations: ['getFile', 'getFileContent'],
  usage: () =>
    [
      optionLine(
        '--out PATH',
        'Where to: a file, or a folder that is there (the folder one is in). Replaces nothing.',
      ),
      optionLine('--json', 'What was saved as JSON.'),
      '',
      usageEnd(operationNamed('getFileContent')),
    ].join('\n'),
  async run(args, terminal) {
    const { values, words } = readWords(args, { ...commonOptions, out: { type: 'string' } }, ['FILE-ID']);
    const client = connect(values, terminal);
    const [id = ''] = words;
    const { name, size, sha256, state } = fileSchema.parse(
      await client.json('GET', `/catalog/files/${encodeURIComponent(id)}`),
    );
    if (size === undefined || sha256 === undefined)
      throw new UsageError(`${name} was never stored: its state is ${state}.`);
    const path = pathFor(values.out, name);
    const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
    const { bytes } = await downloadFile(client, { id, size, sha256 }, path, (done) =>
      terminal.progress(`${path}: ${megabytes(done)} of ${megabytes(size)} MB`),
    ).catch((error: unknown) => {
      if (!terminal.interrupted?.aborted) throw error;
      throw new CliError(INTERRUPTED, 'Interrupted; the same command goes on where it stopped.');
    });
    terminal.progress('');
    if (values.json) terminal.out(`${JSON.stringify({ path, bytes, sha256 })}\n`);
    else terminal.out(`${path}: ${bytes} bytes, SHA-256 ${sha256}, as it was stored.\n`);
    return 0;
  },
};

/** The name of a file elsewhere becomes one here: it leads nowhere else. */
function pathFor(out: string | undefined, name: string): string {
  const own = safeComponent(name.slice(name.lastIndexOf('/') + 1), 200);
  if (out === undefined) return own;
  const isFolder = statSync(out, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? join(out, own) : out;
}

export const catalogCommand: Command = commandOf(
  'catalog',
  'find sessions and stored files, and download them',
  [
    operationSubcommand({
      verb: 'search',
      operation: 'findSessions',
      columns: ['site', 'lsid', 'externalKey', 'startTime', 'endTime', 'users', 'endpoints'],
    }),
    operationSubcommand({ verb: 'show', operation: 'getSession', text: sessionText }),
    operationSubcommand({
      verb: 'files',
      operation: 'listFiles',
      columns: ['name', 'destination', 'state', 'size', 'storedAt', 'id'],
    }),
    operationSubcommand({ verb: 'file', operation: 'getFile' }),
    download,
  ],
);
