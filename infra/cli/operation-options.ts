import type { z } from 'zod';
import type { Operation } from '../../shared/api/operation.ts';
import { type FieldSchema, jsonSchemaOf } from './json-schema.ts';

/** One option of a command, made from one field of an operation's query or body. */
export interface FieldOption {
  /** Without the hyphens in front. */
  readonly option: string;
  readonly field: string;
  readonly where: 'query' | 'body';
  /** `list`: give it several times; `json`: JSON text, or @FILE. */
  readonly kind: 'text' | 'number' | 'boolean' | 'list' | 'json';
  readonly values?: readonly string[];
  readonly isRequired: boolean;
  readonly description: string;
  /** Items of a list may stand in one value, with commas between. */
  readonly commas?: boolean;
  /** Asked for without being shown: the arguments of a process can be read by others. */
  readonly isSecret?: boolean;
  /** JSON that may hold secrets: from a file alone. */
  readonly isFile?: boolean;
  /** Text of many lines: the option names a file with it. */
  readonly isTextFile?: boolean;
}

/** Fields of the query and the body; empty for a body that is no plain object. */
export function fieldOptions(
  { query, body, describedBody }: Pick<Operation, 'query' | 'body' | 'describedBody'>,
  taken: ReadonlySet<string>,
): FieldOption[] {
  const used = new Set(taken);
  return [
    ...(query ? fieldsOf(query, 'query', used) : []),
    ...(body || describedBody ? fieldsOf((describedBody ?? body) as z.ZodType, 'body', used) : []),
  ];
}

/** Lists of ids whose schema leaves it to the settings which there are. */
const ids: ReadonlySet<string> = new Set(['sites', 'destinations']);

export function fieldsOf(schema: z.ZodType, where: 'query' | 'body', used: Set<string>): FieldOption[] {
  const { properties = {}, required = [] } = objectOf(jsonSchemaOf(schema));
  return Object.entries(properties).map(([field, one]) => {
    const values = valuesOf(one) ?? (one.items && valuesOf(one.items));
    const kind = kindOf(one);
    const isSecret = kind === 'text' && (one.writeOnly === true || /(^|_)password$/.test(field));
    const plain = `${isSecret ? 'ask-' : ''}${kebab(field)}`;
    const option = used.has(plain) ? `field-${plain}` : plain;
    used.add(option);
    return {
      option,
      field,
      where,
      kind: isSecret ? 'boolean' : kind,
      isRequired: required.includes(field),
      description: one.description ?? one.title ?? '',
      ...(values === undefined || kind === 'boolean' ? {} : { values }),
      ...(kind === 'list' && (values !== undefined || one.items?.pattern !== undefined || ids.has(field))
        ? { commas: true }
        : {}),
      ...(isSecret ? { isSecret } : {}),
      ...(kind === 'json' && one.writeOnly === true ? { isFile: true } : {}),
      ...(field === 'certificateAuthority' ? { isTextFile: true } : {}),
    };
  });
}

/** Of several forms: what each has, and as required what all require. */
function objectOf(schema: FieldSchema): FieldSchema {
  const forms = (schema.anyOf ?? schema.oneOf)?.map(objectOf);
  if (forms === undefined) return schema;
  const names = [...new Set(forms.flatMap(({ properties = {} }) => Object.keys(properties)))];
  const properties = Object.fromEntries(
    names.map((name) => [name, oneOf(forms.flatMap((form) => form.properties?.[name] ?? []))]),
  );
  const required = names.filter((name) => forms.every((form) => form.required?.includes(name)));
  return { properties, required };
}

function oneOf(found: readonly FieldSchema[]): FieldSchema {
  const [first = {}] = found;
  const isSame = (name: keyof FieldSchema) =>
    found.every((one) => JSON.stringify(one[name]) === JSON.stringify(first[name]));
  const description = first.description ?? first.title;
  const isSaid = description !== undefined && isSame('description') && isSame('title');
  return { anyOf: found, ...(isSaid ? { description } : {}) };
}

function kebab(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll(/[_.]/g, '-')
    .toLowerCase();
}

function kindOf(schema: FieldSchema): FieldOption['kind'] {
  const { type, items } = schema;
  // As a query has it.
  if (type === 'boolean' || valuesOf(schema)?.includes('true')) return 'boolean';
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'array' && items && (items.type === 'string' || valuesOf(items))) return 'list';
  if (type === 'array' || type === 'object') return 'json';
  const inner = schema.anyOf ?? schema.oneOf;
  if (inner === undefined) return 'text';
  const kinds = new Set(inner.map(kindOf));
  return kinds.size === 1 ? ([...kinds][0] ?? 'text') : kinds.has('json') ? 'json' : 'text';
}

function valuesOf({ enum: values, const: only, anyOf, oneOf }: FieldSchema): readonly string[] | undefined {
  if (values?.every((value) => typeof value === 'string')) return values;
  if (typeof only === 'string') return [only];
  const inner = (anyOf ?? oneOf)?.map(valuesOf);
  return inner?.every((one) => one !== undefined) ? [...new Set(inner.flat())] : undefined;
}

/** For node's own reader of arguments. */
export function parsingOf(options: readonly FieldOption[]) {
  return Object.fromEntries(
    options.map(({ option, kind }) => [
      option,
      kind === 'boolean'
        ? { type: 'boolean' as const }
        : kind === 'list'
          ? { type: 'string' as const, multiple: true }
          : { type: 'string' as const },
    ]),
  );
}
