import { z } from 'zod';

type Json = Record<string, unknown>;
type Direction = 'input' | 'output';

const SHARED = '#/components/schemas/';
/** Until it is known whether one name can stand for both directions. */
const asInput = (id: string) => `${id}<input>`;

/** JSON schemas of zod schemas; those with an `id` (`.meta({ id })`) are made once and referred to by name. */
export interface ComponentSchemas {
  of(schema: z.ZodType, direction: Direction): Json;
  /**
   * The document with its shared schemas. What is sent can differ from what comes back: defaults may be left out. Then
   * the schema of what is sent is called `SiteInput`, where the other is called `Site`.
   */
  complete(document: Json & { readonly components: Json }): Json;
}

export function componentSchemas(): ComponentSchemas {
  const made: Record<Direction, Map<string, Json>> = { input: new Map(), output: new Map() };
  const nameless: string[] = [];
  /** zod numbers those that refer to themselves and have no id, in each schema anew. */
  const idOf = (id: string, definition: Json | undefined) => {
    if (!id.startsWith('__')) return id;
    const content = JSON.stringify(definition);
    if (!nameless.includes(content)) nameless.push(content);
    return `Nested${nameless.indexOf(content) + 1}`;
  };
  return {
    of(schema, direction) {
      const {
        $schema: _,
        $defs = {},
        ...rest
      } = z.toJSONSchema(schema, {
        io: direction,
        target: 'draft-2020-12',
        unrepresentable: 'any',
      }) as Json & {
        $defs?: Record<string, Json>;
      };
      const nameOf = (ref: string) => {
        const given = ref.replace('#/$defs/', '');
        const id = idOf(given, $defs[given]);
        return SHARED + (direction === 'input' ? asInput(id) : id);
      };
      for (const [id, definition] of Object.entries($defs))
        made[direction].set(idOf(id, definition), withRefs(definition, nameOf));
      return withRefs(rest, nameOf);
    },
    complete(document) {
      const names = namesOfInputs(made.input, made.output);
      const nameOf = (ref: string) => names.get(ref.slice(SHARED.length))?.replace(/^/, SHARED) ?? ref;
      const schemas: Json = { ...(document.components.schemas as Json | undefined) };
      for (const [id, definition] of made.output) schemas[id] = withRefs(definition, nameOf);
      for (const [id, definition] of made.input)
        schemas[names.get(asInput(id)) ?? id] = withRefs(definition, nameOf);
      const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
      const { components, ...rest } = document;
      return { ...withRefs(rest, nameOf), components: { ...components, schemas: sorted } };
    },
  };
}

/** By their names so far. One that is the same in both directions, with all that it refers to, needs one name. */
function namesOfInputs(
  inputs: ReadonlyMap<string, Json>,
  outputs: ReadonlyMap<string, Json>,
): Map<string, string> {
  const differing = new Set<string>();
  const plain = (definition: Json | undefined) => JSON.stringify(definition)?.replaceAll('<input>"', '"');
  for (const [id, definition] of inputs)
    if (outputs.has(id) && plain(definition) !== plain(outputs.get(id))) differing.add(id);
  for (let before = -1; before !== differing.size; ) {
    before = differing.size;
    for (const [id, definition] of inputs)
      if (outputs.has(id) && [...differing].some((other) => refersTo(definition, asInput(other))))
        differing.add(id);
  }
  return new Map([...inputs.keys()].map((id) => [asInput(id), differing.has(id) ? `${id}Input` : id]));
}

function refersTo(definition: Json, name: string): boolean {
  return JSON.stringify(definition).includes(`"${SHARED}${name}"`);
}

function withRefs(value: Json, nameOf: (ref: string) => string): Json {
  const walk = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(walk);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(
      Object.entries(part).map(([key, inner]) => [
        key,
        key === '$ref' && typeof inner === 'string' ? nameOf(inner) : walk(inner),
      ]),
    );
  };
  return walk(value) as Json;
}
