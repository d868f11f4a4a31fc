import type { Destination, NamingSample } from './destination.ts';
import type { DestinationPlugin, OpenDestination } from './plugin.ts';

/** Version of the contract for plugins from packages. A change that breaks them gets the next number. */
export const CONTRACT = 1;

/** What a package has to be to be loaded at all: this word among the `keywords` of its package.json. */
export const KEYWORD = 'integration-client-destination';

/**
 * A plugin as a package brings it, by its export `plugin` or its default export. It is `DestinationPlugin` but for the
 * schema, of which only `safeParse` is used, so that a package may bring its own library, or none.
 *
 * Failures are errors with `kind` (`terminal`, `transient` or `item`), `code` and a message of one line, as
 * shared/errors.ts has them; what has no kind counts as transient. The state that `open` gets is the destination's own:
 * collection `catalog`, its id as partition. Secrets are those that its settings name. The checks of a destination are
 * the contract test, `integration-client-for-beyondtrust-on-azure/destination-contract`.
 */
export interface PackagedPlugin {
  readonly contract: typeof CONTRACT;
  /** Lower-case letters, digits and hyphens; no plugin of the house has it. */
  readonly id: string;
  readonly title: string;
  readonly settings: SettingsSchema;
  readonly takes: DestinationPlugin['takes'];
  place(settings: unknown): string;
  collisions?(settings: unknown, samples: readonly NamingSample[]): readonly (readonly [number, number])[];
  open(options: OpenDestination): Promise<Destination>;
}

/**
 * Reads settings, synchronously. What it gives must be JSON, and reading it again must give the same: it is kept, and
 * read again at each start.
 */
export interface SettingsSchema {
  safeParse(input: unknown):
    | { readonly success: true; readonly data: unknown }
    | {
        readonly success: false;
        readonly error: {
          readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
        };
      };
}

/** Why a module's export is no plugin; undefined when it is one. */
export function shapeFault(value: unknown, taken: readonly string[]): string | undefined {
  if (!isRecord(value)) return 'it exports no `plugin`, and no plugin as default';
  if (value.contract !== CONTRACT)
    return `it is made for version ${JSON.stringify(value.contract)} of the destination contract, and this is version ${CONTRACT}`;
  const { id, title, settings, takes } = value;
  if (typeof id !== 'string' || !/^[a-z0-9][a-z0-9-]{0,39}$/.test(id))
    return 'its `id` is not lower-case letters, digits and hyphens';
  if (taken.includes(id)) return `its \`id\` "${id}" is taken`;
  if (typeof title !== 'string' || title === '') return 'it has no `title`';
  if (!isRecord(settings) || typeof settings.safeParse !== 'function')
    return 'its `settings` have no `safeParse`';
  if (!isRecord(takes) || typeof takes.sessions !== 'boolean' || typeof takes.files !== 'boolean')
    return 'its `takes` does not say whether it takes sessions and files';
  const { reports } = takes;
  if (reports !== undefined && !(Array.isArray(reports) && reports.every((one) => typeof one === 'string')))
    return 'its `takes.reports` is no list of data types';
  if (!takes.sessions && !takes.files && !(reports as unknown[] | undefined)?.length)
    return 'its `takes` says that it takes nothing';
  for (const name of ['place', 'open'])
    if (typeof value[name] !== 'function') return `it has no function \`${name}\``;
  if (value.collisions !== undefined && typeof value.collisions !== 'function')
    return 'its `collisions` is no function';
  return undefined;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
