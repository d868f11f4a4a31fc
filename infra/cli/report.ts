import { z } from 'zod';
import { operations } from '../../shared/api/operations.ts';
import { parsed } from './api-client.ts';
import { type Command, UsageError } from './command.ts';
import { operationSubcommand, type Receiver } from './operation-command.ts';
import { optionLine } from './operation-usage.ts';
import { saveBody } from './save-stream.ts';
import { commandOf } from './subcommands.ts';
import { tableOf } from './table.ts';

const rowsSchema = z.looseObject({ rows: z.array(z.unknown()), complete: z.boolean() });

/** Rows as a table or JSON lines; XML to the terminal or a file; other files to a file. */
const received: Receiver = {
  options: { out: { type: 'string' } },
  usage: [optionLine('--out FILE', 'Into this file: XML, and what the appliance gives as a file.')],
  async run(response, { values, terminal }) {
    const { out, say, width } = terminal;
    if (response.status === 204) {
      say('Nothing was found.');
      return 0;
    }
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    const isText = isJson || response.headers.get('content-type')?.includes('xml') === true;
    if (typeof values.out === 'string') {
      const bytes = await saveBody(response, values.out);
      say(`${values.out}: ${bytes} bytes.`);
      return 0;
    }
    if (!isText) {
      await response.body?.cancel();
      throw new UsageError('The answer is a file: give --out FILE.');
    }
    if (!isJson) {
      out(await response.text());
      return 0;
    }
    const { rows, complete } = rowsSchema.parse(await parsed(response));
    if (values.json === true) for (const row of rows) out(`${JSON.stringify(row)}\n`);
    else if (rows.length > 0) out(tableOf(rows, width));
    else say('Nothing was found.');
    // Whoever counts on all of it has to see that it is not.
    if (!complete) say('There is more: raise --limit, or ask for less time.');
    return complete ? 0 : 1;
  },
};

/** Every report of an appliance, read now and stored nowhere. */
export const reportCommand: Command = commandOf(
  'report',
  'every report of an appliance, read now and stored nowhere',
  operations
    .filter(({ path }) => path.startsWith('/sites/{id}/reports/'))
    .map(({ id, path }) =>
      operationSubcommand({
        verb: path.slice('/sites/{id}/reports/'.length).replaceAll('/', '-'),
        operation: id,
        words: ['SITE'],
        receive: received,
        more: 'Exit code 1 also says that there is more than was given.',
      }),
    ),
);
