import { z } from 'zod';

/** As far as it is looked at here. */
export interface FieldSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly description?: string;
  readonly title?: string;
  readonly maximum?: number;
  readonly writeOnly?: boolean;
  readonly default?: unknown;
  readonly items?: FieldSchema;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly FieldSchema[];
  readonly oneOf?: readonly FieldSchema[];
}

export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output' = 'input'): FieldSchema {
  const root = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return withoutReferences(root, (root.$defs ?? {}) as Readonly<Record<string, unknown>>, []) as FieldSchema;
}

/** Schemas that are shared by name stand where they are used; one that holds itself is left out below. */
function withoutReferences(
  value: unknown,
  shared: Readonly<Record<string, unknown>>,
  within: readonly string[],
): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => withoutReferences(one, shared, within));
  const { $ref, ...rest } = value as Record<string, unknown>;
  const name = typeof $ref === 'string' ? $ref.replace('#/$defs/', '') : undefined;
  if (name !== undefined && within.includes(name)) return {};
  const inner = name === undefined ? {} : withoutReferences(shared[name], shared, [...within, name]);
  const own = Object.entries(rest).filter(([key]) => key !== '$defs');
  return {
    ...(inner as object),
    ...Object.fromEntries(own.map(([key, one]) => [key, withoutReferences(one, shared, within)])),
  };
}
