import type { Operation } from '../../shared/api/operation.ts';
import { type ApiClient, connect, parsed } from './api-client.ts';
import type { Terminal } from './command.ts';
import { currentSettings } from './current-settings.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { bodyOf, type Given, jsonInput, sent } from './operation-body.ts';
import { type FieldOption, fieldOptions, parsingOf } from './operation-options.ts';
import {
  commonOptions,
  hasBody,
  listField,
  operationNamed,
  pageField,
  pathOf,
  wordsOf,
} from './operation-shape.ts';
import { operationUsage } from './operation-usage.ts';
import { readWords } from './read-args.ts';
import { rowsWanted, showList } from './show-list.ts';
import type { Subcommand } from './subcommands.ts';
import { type Column, columnsOf, detailText, Table, valueAt } from './table.ts';

/** How an operation looks on the command line. Its options and their help come from its own schemas. */
export interface Look {
  readonly verb: string;
  readonly operation: string;
  /** Default: the operation's. */
  readonly summary?: string;
  /** Of a list's table, as paths; default: everything that the rows have. */
  readonly columns?: readonly Column[];
  /** Further text of the help. */
  readonly more?: string;
  /** Said at the end. */
  readonly done?: string;
  /** What the answer says was not done: exit code 1. */
  readonly failed?: (answer: unknown) => boolean;
  /** Default: everything that the answer has. */
  readonly text?: (answer: unknown, terminal: Terminal) => string;
  /** A list that comes whole: its field in the answer, and its table's columns. */
  readonly rows?: { readonly field: string; readonly columns?: readonly Column[] };
  /** What the words stand for; default: the names in the path. */
  readonly words?: readonly string[];
  /** The body is a JSON file, named by a last word. */
  readonly bodyIsFile?: boolean;
  /** Takes the place of showing the answer. */
  readonly extra?: Extra;
  /** The same, of an answer that may be no JSON. */
  readonly receive?: Receiver;
}

interface Called {
  readonly client: ApiClient;
  readonly values: Given;
  readonly terminal: Terminal;
}

interface OwnOptions {
  readonly options: Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>;
  /** A line for each of them. */
  readonly usage: readonly string[];
}

export interface Receiver extends OwnOptions {
  run(response: Response, called: Called): Promise<number>;
}

/** What a command does with the answer, with options of its own. */
export interface Extra extends OwnOptions {
  /** Further operations that it reaches. */
  readonly operations?: readonly string[];
  run(answer: unknown, called: Called): Promise<number>;
}

const paging = { limit: { type: 'string' }, all: { type: 'boolean' } } as const;
const body = { body: { type: 'string' } } as const;
const change = { etag: { type: 'string' } } as const;

export function operationSubcommand(look: Look): Subcommand {
  const operation = operationNamed(look.operation);
  const names = look.words ?? wordsOf(operation).map((word) => word.toUpperCase());
  const words = [...names, ...(look.bodyIsFile ? ['FILE'] : [])];
  return {
    verb: look.verb,
    summary: look.summary ?? lowerFirst(operation.summary),
    operations: [look.operation, ...(look.extra?.operations ?? [])],
    words: words.join(' '),
    usage: () => operationUsage(operation, look, optionsOf(operation, look)),
    async run(args, terminal) {
      const fields = optionsOf(operation, look);
      const read = readWords(args, parsing(operation, look, fields), words);
      const values: Given = read.values;
      const client = connect(read.values, terminal);
      const path = pathOf(operation, read.words);
      const query = sent(fields, 'query', values) as Record<string, string | number | boolean>;
      const page = pageField(operation);
      if (page !== undefined) {
        const field = listField(operation);
        const most = operation.query && jsonSchemaOf(operation.query).properties?.limit?.maximum;
        const how = { json: values.json === true, most: rowsWanted(values), columns: look.columns };
        await showList({ client, path, query, page, field, most }, how, terminal);
        return 0;
      }
      const body = !hasBody(operation)
        ? undefined
        : look.bodyIsFile
          ? await jsonInput('', read.words.at(-1) ?? '', terminal)
          : await bodyOf(values, fields, terminal);
      const headers = await etagHeaders(client, operation, values);
      const asking = { query, headers, ...(body === undefined ? {} : { body }) };
      const response = await client.ask(operation.method.toUpperCase(), path, asking);
      if (look.receive) return look.receive.run(response, { client, values, terminal });
      const answer = await parsed(response);
      if (look.extra) return look.extra.run(answer, { client, values, terminal });
      return show(answer, look, values, terminal);
    },
  };
}

function parsing(operation: Operation, look: Look, fields: readonly FieldOption[]) {
  return {
    ...commonOptions,
    ...(pageField(operation) === undefined ? {} : paging),
    ...(hasBody(operation) && !look.bodyIsFile ? body : {}),
    ...(operation.etag ? change : {}),
    ...look.extra?.options,
    ...look.receive?.options,
    ...parsingOf(fields),
  } as typeof commonOptions & Record<string, { type: 'string' }>;
}

function optionsOf(operation: Operation, look: Look): FieldOption[] {
  const page = pageField(operation);
  const hidden = page === undefined ? [] : [page, 'limit'];
  return fieldOptions(operation, new Set(Object.keys(parsing(operation, look, [])))).filter(
    ({ field, where }) => !(where === 'query' ? hidden.includes(field) : look.bodyIsFile),
  );
}

/** A change names what it was made from: the ETag that is given, else that of now. */
async function etagHeaders(
  client: ApiClient,
  operation: Operation,
  { etag, 'dry-run': dryRun }: Given,
): Promise<Record<string, string>> {
  if (operation.etag === undefined || dryRun === true) return {};
  if (typeof etag === 'string') return { 'if-match': etag };
  return (await currentSettings(client)).condition;
}

function show(answer: unknown, look: Look, { json }: Given, terminal: Terminal): number {
  const rows = look.rows && (valueAt(answer, look.rows.field) as readonly unknown[]);
  if (json === true) for (const one of rows ?? [answer ?? null]) terminal.out(`${JSON.stringify(one)}\n`);
  else {
    if (rows?.length === 0) terminal.say('There are none.');
    else if (rows) terminal.out(new Table(look.rows?.columns ?? columnsOf(rows), terminal.width).text(rows));
    else if (look.text) terminal.out(look.text(answer, terminal));
    else if (answer !== undefined) terminal.out(detailText(answer, terminal.width));
    if (look.done !== undefined) terminal.say(look.done);
  }
  return look.failed?.(answer) ? 1 : 0;
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z ]/.test(text) ? `${text[0]?.toLowerCase()}${text.slice(1)}` : text;
}
