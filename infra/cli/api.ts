import { connect, parsed } from './api-client.ts';
import { type Command, exitCodes, UsageError } from './command.ts';
import { instanceOptions, instanceUsage } from './instance.ts';
import { jsonInput } from './operation-body.ts';
import { readWords } from './read-args.ts';

const usage = `npm run cli -- api METHOD PATH [--body FILE] [--if-match ETAG] [options]

Asks the HTTP API for anything, and prints the answer as JSON. PATH is below /api: /runs?limit=1

  --body FILE        JSON; - reads what is piped in
  --if-match ETAG    of what the change was made from

${instanceUsage}
${exitCodes}
`;

/** The way to what has no command of its own. */
export const apiCommand: Command = {
  name: 'api',
  summary: 'ask the HTTP API for anything',
  usage,
  async run(args, terminal) {
    const options = { ...instanceOptions, body: { type: 'string' }, 'if-match': { type: 'string' } } as const;
    const { values, words } = readWords(args, options, ['METHOD', 'PATH']);
    const [method = '', path = ''] = words;
    if (!/^(get|post|put|patch|delete)$/i.test(method))
      throw new UsageError(`${method}: give GET, POST, PUT, PATCH or DELETE.`);
    if (!/^\/[\x21-\x7e]*$/.test(path) || path.startsWith('//') || /(^|\/)\.\.?(\/|$)/.test(path))
      throw new UsageError(`${path}: give a path below /api that begins with /, like /runs.`);
    const client = connect(values, terminal);
    const body = values.body === undefined ? undefined : await jsonInput('--body', values.body, terminal);
    const match = values['if-match'];
    const response = await client.ask(method.toUpperCase(), path, {
      ...(body === undefined ? {} : { body }),
      ...(match === undefined ? {} : { headers: { 'if-match': match } }),
    });
    const answer = await parsed(response);
    if (answer !== undefined) terminal.out(`${JSON.stringify(answer, null, 2)}\n`);
    return 0;
  },
};
