/** One difference of two documents. Values as people read them: text as it is, all else as JSON, long ones cut. */
export interface SettingsChange {
  /** `sites[support].host`; items of lists by their ids where they have ids, else by their places. */
  readonly path: string;
  /** Absent: it was not there. */
  readonly before?: string;
  /** Absent: it is not there any more. */
  readonly after?: string;
}

const MOST_TEXT = 200;

/** In the order of the later document; what is gone stands where it was, or at the end. */
export function settingsChanges(before: unknown, after: unknown, path = ''): SettingsChange[] {
  if (before === undefined && after === undefined) return [];
  if (isList(before) && isList(after))
    return ofParts(byName(before), byName(after), (name) => `${path}[${name}]`);
  if (isObject(before) && isObject(after))
    return ofParts(new Map(Object.entries(before)), new Map(Object.entries(after)), (name) =>
      path === '' ? name : `${path}.${name}`,
    );
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  return [
    {
      path: path || 'document',
      ...(before === undefined ? {} : { before: shown(before) }),
      ...(after === undefined ? {} : { after: shown(after) }),
    },
  ];
}

function ofParts(
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
  pathOf: (name: string) => string,
): SettingsChange[] {
  const names = new Set([...after.keys(), ...before.keys()]);
  return [...names].flatMap((name) => settingsChanges(before.get(name), after.get(name), pathOf(name)));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A list of things; lists of texts and numbers are compared whole. */
const isList = (value: unknown): value is Record<string, unknown>[] =>
  Array.isArray(value) && value.every(isObject);

function byName(list: readonly Record<string, unknown>[]): Map<string, unknown> {
  return new Map(list.map((item, at) => [typeof item.id === 'string' ? item.id : String(at), item]));
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text;
}
