import type { z } from 'zod';
import { Failure } from '../../errors.ts';

/**
 * Checks what is to be sent, before anything is. Throws terminal `bad-parameter` with one line that names the parameters as
 * the API does, and never a value.
 * @param what the action
 */
export function checkParameters<P extends z.ZodType>(what: string, schema: P, given: unknown): z.output<P> {
  const checked = schema.safeParse(given, { error: (issue) => wordsOf(issue) });
  if (checked.success) return checked.data;
  const [first, ...others] = checked.error.issues.map(lineOf);
  const all = [first, ...others.slice(0, 4)].join('; ');
  throw new Failure('terminal', 'bad-parameter', `${what}: ${all}.`);
}

function wordsOf(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'unrecognized_keys') return `${issue.keys.map(shown).join(', ')}: no such parameter`;
  if (issue.code === 'invalid_union' && 'discriminator' in issue)
    return `tells none of the kinds ${(issue.options as string[]).join(', ')}`;
  if (issue.code === 'invalid_type')
    return issue.input === undefined
      ? 'is required'
      : `has to be ${expected[issue.expected] ?? issue.expected}`;
  return undefined;
}

const expected: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: '1 or 0',
  array: 'a list',
  record: 'names with values',
  object: 'names with values',
};

function lineOf(issue: z.core.$ZodIssue): string {
  const path = issue.path.map((part) => shown(String(part)));
  const name = path[0] === 'custom' ? `session.${path.join('.')}` : path.join('.');
  const words = issue.code === 'invalid_key' ? 'is no code name of a custom field' : issue.message;
  return name === '' ? words : `${name}: ${words}`;
}

/** Names come from people too. */
function shown(name: string): string {
  const plain = name.replace(/[^\w.-]/g, '?');
  return plain.length > 80 ? `${plain.slice(0, 79)}…` : plain;
}
