import { z } from 'zod';
import { connect } from './api-client.ts';
import type { Command } from './command.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { type Given, sent } from './operation-body.ts';
import { fieldOptions, parsingOf } from './operation-options.ts';
import { commonOptions, operationNamed } from './operation-shape.ts';
import { fieldLine, optionLine, usageEnd } from './operation-usage.ts';
import { listPages } from './pages.ts';
import { readWords } from './read-args.ts';
import { commandAlone } from './subcommands.ts';
import { Table } from './table.ts';

const columns = [
  'day',
  'siteId',
  'stream',
  'destinationId',
  'by',
  'onAppliance',
  'stored',
  'owed',
  'setAside',
  'agedOut',
  'settled',
  'hidden',
  'missing',
  'covered',
  'checkedAt',
] as const;
/** Of the table; all are in the CSV. */
const shown = columns.filter((column) => !['by', 'settled', 'checkedAt'].includes(column));

const operation = operationNamed('listCoverage');
const fields = fieldOptions(operation, new Set(Object.keys(commonOptions))).filter(
  ({ field }) => !['limit', 'after'].includes(field),
);
const rowSchema = z.looseObject({ day: z.string(), missing: z.number() });

export const coverageCommand: Command = commandAlone({
  verb: 'coverage',
  summary: 'what every destination has of every day and data type',
  operations: ['listCoverage'],
  usage: () =>
    [
      ...fields.map(fieldLine),
      optionLine('--csv', 'Comma-separated, with a head.'),
      optionLine('--json', 'JSON, a line for each row.'),
      '',
      'Exit code 1 also says that something is missing.',
      '',
      usageEnd(operation),
    ].join('\n'),
  async run(args, terminal) {
    const options = {
      ...commonOptions,
      csv: { type: 'boolean' },
      ...parsingOf(fields),
    } as typeof commonOptions & {
      csv: { type: 'boolean' };
    };
    const { values } = readWords(args, options, []);
    const client = connect(values, terminal);
    const query = sent(fields, 'query', values as Given) as Record<string, string>;
    const most = operation.query && jsonSchemaOf(operation.query).properties?.limit?.maximum;
    const table = new Table(shown, terminal.width);
    if (values.csv) terminal.out(`${columns.join()}\r\n`);
    let missing = 0;
    let rowCount = 0;
    for await (const page of listPages({
      client,
      path: '/coverage',
      query,
      page: 'after',
      field: 'rows',
      most,
    })) {
      const rows = page.rows.map((row) => rowSchema.parse(row));
      for (const row of rows) missing += row.missing;
      rowCount += rows.length;
      if (values.csv) for (const row of rows) terminal.out(csvLine(row));
      else if (values.json) for (const row of rows) terminal.out(`${JSON.stringify(row)}\n`);
      else if (rows.length > 0) terminal.out(table.text(rows));
      await terminal.drained?.();
    }
    if (rowCount === 0) terminal.say('Nothing was compared yet: reconcile does it now.');
    if (missing > 0) terminal.say(`${missing} are missing.`);
    return missing > 0 ? 1 : 0;
  },
});

/** RFC 4180. */
function csvLine(row: Readonly<Record<string, unknown>>): string {
  const cells = columns.map((column) => {
    const text = String(row[column] ?? '');
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${cells.join()}\r\n`;
}
