import type { Operation } from '../../shared/api/operation.ts';
import { exitCodes } from './command.ts';
import { instanceUsage } from './instance.ts';
import type { Look } from './operation-command.ts';
import type { FieldOption } from './operation-options.ts';
import { hasBody, pageField } from './operation-shape.ts';
import { usualRows } from './show-list.ts';

const COLUMN = 24;
const WIDTH = 110;

const pagingLines = [
  optionLine('--limit NUMBER', `So many at most (${usualRows}).`),
  optionLine('--all', 'All there are.'),
];

/** What `--help` says of a command that is an operation, below its head. */
export function operationUsage(operation: Operation, look: Look, options: readonly FieldOption[]): string {
  const isPaged = pageField(operation) !== undefined;
  const takesBody = hasBody(operation) && !look.bodyIsFile;
  const lines = [
    ...(operation.description ? [`${wrapped(operation.description, '')}\n`] : []),
    ...(look.more ? [`${look.more}\n`] : []),
    ...options.map(fieldLine),
    ...(takesBody
      ? [optionLine('--body FILE', 'All of it as JSON; - reads what is piped in. Options go over it.')]
      : []),
    ...(operation.etag
      ? [optionLine('--etag ETAG', 'Of what the change was made from; default: what is there now.')]
      : []),
    ...(look.extra?.usage ?? []),
    ...(look.receive?.usage ?? []),
    ...(isPaged ? pagingLines : []),
    optionLine('--json', isPaged ? 'JSON, a line for each.' : 'The answer as JSON.'),
    '',
    usageEnd(operation),
  ];
  return lines.join('\n');
}

/** Where it goes, who may, and what comes of it. */
export function usageEnd({ role }: Pick<Operation, 'role'>): string {
  return `${instanceUsage}\nRole: ${role}.\n${exitCodes}\n`;
}

export function fieldLine(field: FieldOption): string {
  const { option, kind, values, isRequired, description, isFile, isTextFile } = field;
  const text = isTextFile ? ' FILE' : ' TEXT';
  const json = isFile ? ' @FILE' : ' JSON';
  const value = { text, number: ' NUMBER', boolean: '', list: ' TEXT', json }[kind];
  const parts = [
    description === '' || /[.!?]$/.test(description) ? description : `${description}.`,
    ...(values ? [`One of: ${values.join(', ')}.`] : []),
    ...(kind === 'list' ? ['May be given several times.'] : []),
    ...(kind === 'json' ? [isFile ? 'JSON in a file.' : 'Or @FILE.'] : []),
    ...(isRequired ? ['Required.'] : []),
  ];
  return optionLine(`--${option}${value}`, parts.filter((one) => one !== '').join(' '));
}

export function optionLine(option: string, description: string): string {
  const lead = `  ${option}`;
  const rest = wrapped(description, ' '.repeat(COLUMN + 1));
  return lead.length > COLUMN - 1
    ? `${lead}\n${rest}`.trimEnd()
    : `${lead}${rest.slice(lead.length)}`.trimEnd();
}

function wrapped(text: string, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/\s+/)) {
    if (line.length + 1 + word.length > WIDTH && line.trim() !== '') {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}
