import type { Operation } from '../../shared/api/operation.ts';
import { operations } from '../../shared/api/operations.ts';
import { instanceOptions } from './instance.ts';
import { jsonSchemaOf } from './json-schema.ts';

/** Options of every command that asks an instance for something. */
export const commonOptions = { ...instanceOptions, json: { type: 'boolean' } } as const;

export function operationNamed(id: string): Operation {
  const found = operations.find((one) => one.id === id);
  if (!found) throw new Error(`there is no operation ${id}`);
  return found;
}

export function hasBody(operation: Operation): boolean {
  return operation.body !== undefined || operation.describedBody !== undefined;
}

/** The query's field that takes what `next` of an answer says, if the operation pages. */
export function pageField({ method, query, answers }: Operation): string | undefined {
  const schema = answers[200]?.schema;
  if (method !== 'get' || !query || !schema) return undefined;
  if (jsonSchemaOf(schema, 'output').properties?.next === undefined) return undefined;
  const names = Object.keys(query.shape);
  return ['next', 'after', 'from'].find((name) => names.includes(name));
}

/** The field of the answer that holds the list. */
export function listField({ id, answers }: Operation): string {
  const schema = answers[200]?.schema;
  const fields = schema ? Object.entries(jsonSchemaOf(schema, 'output').properties ?? {}) : [];
  const found = fields.find(([, { type }]) => type === 'array')?.[0];
  if (found === undefined) throw new Error(`the answer of ${id} has no list`);
  return found;
}

export function wordsOf({ path }: Operation): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
}

export function pathOf(operation: Operation, given: readonly string[]): string {
  return wordsOf(operation).reduce(
    (text, word, at) => text.replace(`{${word}}`, () => encodeURIComponent(given[at] ?? '')),
    operation.path,
  );
}
