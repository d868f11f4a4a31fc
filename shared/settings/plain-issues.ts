import type { z } from 'zod';

type RawIssue = Parameters<z.core.$ZodErrorMap>[0];

/** Words of zod's own for people who have never seen it, as a sentence goes on that begins with a field's name. */
export const plainIssues: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `give ${kinds[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return amount('least', issue.minimum, issue);
    case 'too_big':
      return amount('most', issue.maximum, issue);
    case 'invalid_value':
      return `give ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'invalid_union':
      return issue.discriminator === undefined || !('options' in issue)
        ? undefined
        : `give ${[issue.options].flat().map(String).join(' or ')}`;
    case 'invalid_format':
      return issue.format === 'datetime' ? 'give an instant, like 2026-10-01T00:00:00Z' : undefined;
    default:
      return undefined;
  }
};

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function amount(what: 'least' | 'most', limit: number | bigint, issue: RawIssue): string {
  const { origin, inclusive = true } = issue as { origin?: string; inclusive?: boolean };
  const isText = origin === 'string';
  if (what === 'least' && Number(limit) === 1 && (isText || origin === 'array')) return 'is empty';
  const unit = isText ? ' characters' : origin === 'array' ? ' of them' : '';
  if (!inclusive) return `give ${what === 'least' ? 'more' : 'less'} than ${limit}${unit}`;
  return `give at ${what} ${limit}${unit}`;
}
