import { z } from 'zod';
import { Failure } from '../../errors.ts';
import type { Parameters } from '../transport.ts';

/** Told apart by the parameters that are there; never sent. */
const KIND = 'kind';
const CUSTOM = 'custom';
const CUSTOM_PREFIX = 'session.custom.';

/** Checked parameters as they are sent: booleans as 1 and 0, lists by commas, attributes each under its own name. */
export function toWire(parameters: Readonly<Record<string, unknown>>): Parameters {
  const wire: Record<string, string> = {};
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined || name === KIND) continue;
    if (name === CUSTOM) {
      for (const [code, text] of Object.entries(value as Record<string, string>))
        wire[CUSTOM_PREFIX + code] = text;
    } else wire[name] = wireValue(value);
  }
  return wire;
}

function wireValue(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  return Array.isArray(value) ? value.join(',') : String(value);
}

/**
 * Parameters as the API names and writes them (of a query string, of a command line) in the form that a schema takes. What
 * does not fit is left as it is, for the schema to refuse by name. Throws `bad-parameter` for a name that comes twice.
 */
export function fromWire(
  schema: z.ZodType,
  pairs: Iterable<readonly [name: string, value: string]>,
): Record<string, unknown> {
  const wire = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (wire.has(name)) throw new Failure('terminal', 'bad-parameter', `${name} is given more than once.`);
    wire.set(name, value);
  }
  const properties = propertiesFor(schema, wire);
  const parameters: Record<string, unknown> = {};
  const custom: Record<string, string> = {};
  for (const [name, value] of wire) {
    if (CUSTOM in properties && name.startsWith(CUSTOM_PREFIX))
      custom[name.slice(CUSTOM_PREFIX.length)] = value;
    else parameters[name] = typedValue(value, properties[name]);
  }
  if (Object.keys(custom).length > 0) parameters[CUSTOM] = custom;
  const kind = properties[KIND]?.const;
  if (kind !== undefined) parameters[KIND] = kind;
  return parameters;
}

interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly JsonSchema[];
}

/** Of several kinds the one whose required parameters are there, or as many of them as with no other. */
function propertiesFor(
  schema: z.ZodType,
  wire: ReadonlyMap<string, string>,
): Readonly<Record<string, JsonSchema>> {
  const { oneOf, properties = {} } = z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
  if (oneOf === undefined) return properties;
  const own = (kind: JsonSchema) =>
    Object.keys(kind.properties ?? {}).filter((name) =>
      oneOf.every((other) => other === kind || other.properties?.[name] === undefined),
    );
  const named = oneOf.find((kind) => kind.properties?.[KIND]?.const === wire.get(KIND));
  const found = named ?? oneOf.find((kind) => own(kind).some((name) => wire.has(name)));
  return found?.properties ?? {};
}

function typedValue(value: string, schema: JsonSchema | undefined): unknown {
  switch (schema?.type) {
    case 'integer':
      return /^-?\d{1,15}$/.test(value) ? Number(value) : value;
    case 'boolean':
      return flags[value.toLowerCase()] ?? value;
    case 'array':
      return value === '' ? [] : value.split(',').map((item) => item.trim());
    default:
      return value;
  }
}

const flags: Readonly<Record<string, boolean>> = {
  '1': true,
  true: true,
  yes: true,
  '0': false,
  false: false,
  no: false,
};
