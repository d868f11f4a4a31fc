import type { z } from 'zod';
import { loadPlugin } from '../destinations/index.ts';
import { isPackaged } from '../destinations/plugin-registry.ts';
import { Failure } from '../errors.ts';
import { isTooLarge, maxValueCharacters } from '../state/state-checks.ts';
import { type Operation, StateConflict, type StateStore } from '../state/state-store.ts';
import { checkPlaces } from './places.ts';
import { plainIssues } from './plain-issues.ts';
import { emptySettings, type Settings, savedSettingsSchema, settingsSchema } from './settings.ts';
import { settingsChanges } from './settings-changes.ts';
import { historyRows, type SettingsAuthor } from './settings-history.ts';

export interface StoredSettings {
  readonly settings: Settings;
  /** Absent while nothing was saved. */
  readonly etag?: string;
}

const CURRENT = ['settings', 'settings', 'current'] as const;

/** What was read last: every activity asks, and checking a thousand schedules takes longer than reading them. */
const lastRead = new WeakMap<StateStore, StoredSettings>();

/** What is saved, read by today's schema, so that a default added later is there. Shared: not to be changed. */
export async function loadSettings(state: StateStore): Promise<StoredSettings> {
  const entry = await state.get<unknown>(...CURRENT);
  if (!entry) return { settings: frozen(emptySettings) };
  const known = lastRead.get(state);
  if (known?.etag === entry.etag) return known;
  await loadPackages(entry.value);
  const read = { settings: frozen(parseWith(savedSettingsSchema, entry.value)), etag: entry.etag };
  lastRead.set(state, read);
  return read;
}

/** All but the settings of plugins: what a package has made of its own may be anything, and its own objects in it. */
function frozen(settings: Settings): Settings {
  const ofPlugins = new Set<unknown>(settings.destinations.map((destination) => destination.settings));
  const freeze = (value: unknown) => {
    if (typeof value !== 'object' || value === null || ofPlugins.has(value)) return;
    Object.freeze(value);
    for (const part of Object.values(value)) freeze(part);
  };
  freeze(settings);
  return settings;
}

/**
 * Saves the whole document, and with it a version of its own that says who changed what. A document without a change is
 * left as it is. `etag`: of the version that was changed; absent = there must be none yet.
 * Throws `Failure` `bad-settings` (first faults, with their places), `settings-too-large` or `settings-changed`.
 */
export async function saveSettings(
  state: StateStore,
  input: unknown,
  etag?: string,
  author: SettingsAuthor = { by: 'unknown', at: Date.now(), action: 'saved' },
): Promise<StoredSettings> {
  const settings = await checkSettings(state, input);
  const entry = await state.get<unknown>(...CURRENT);
  if (entry?.etag !== etag) throw changedMeanwhile();
  const before = entry && readable(entry.value);
  if (etag !== undefined && settingsChanges(before, settings).length === 0) return { settings, etag };
  const [collection, partition, key] = CURRENT;
  const current: Operation =
    etag === undefined
      ? { op: 'insert', key, value: settings }
      : { op: 'update', key, value: settings, etag };
  try {
    await state.batch(collection, partition, [
      current,
      ...(await historyRows(state, before, settings, author)),
    ]);
  } catch (error) {
    if (error instanceof StateConflict) throw changedMeanwhile(error);
    throw error;
  }
  // The ETag goes out with this document only if it is still this one's.
  const saved = await state.get<unknown>(...CURRENT);
  const isOurs = saved && settingsChanges(saved.value, settings).length === 0;
  return { settings, ...(isOurs ? { etag: saved.etag } : {}) };
}

/** What `saveSettings` checks, without saving. */
export async function checkSettings(state: StateStore, input: unknown): Promise<Settings> {
  await loadPackages(input);
  const settings = parseSettings(input);
  if (isTooLarge(settings))
    throw new Failure(
      'terminal',
      'settings-too-large',
      `The settings are ${JSON.stringify(settings).length} characters long; at most ${maxValueCharacters} can be kept. Remove what is not used, or divide them over two installations.`,
    );
  await checkPlaces(state, settings);
  return settings;
}

/** What was saved, as today's schema reads it; what it does not take any more, as it is. */
function readable(value: unknown): unknown {
  const result = savedSettingsSchema.safeParse(value);
  return result.success ? result.data : value;
}

function changedMeanwhile(cause?: unknown): Failure {
  return new Failure(
    'terminal',
    'settings-changed',
    'The settings were changed by somebody else meanwhile; read them again, then save with their ETag.',
    cause === undefined ? {} : { cause },
  );
}

/** A new document. Packages that it names must have been loaded. */
export function parseSettings(input: unknown): Settings {
  return parseWith(settingsSchema, input);
}

function parseWith(schema: typeof settingsSchema, input: unknown): Settings {
  const result = schema.safeParse(input, { error: plainIssues });
  if (result.success) return result.data;
  throw new Failure('terminal', 'bad-settings', `Settings: ${describeIssues(result.error)}`, {
    cause: result.error,
  });
}

const MOST_PACKAGES = 50;

/** Loads the packages that a document names for its destinations, whatever else it may be. */
async function loadPackages(document: unknown): Promise<void> {
  const { destinations } = Object(document) as { destinations?: unknown };
  const ids = (Array.isArray(destinations) ? destinations : [])
    .map((destination) => (Object(destination) as { plugin?: unknown }).plugin)
    .filter((plugin) => typeof plugin === 'string' && isPackaged(plugin));
  for (const id of [...new Set(ids)].slice(0, MOST_PACKAGES)) await loadPlugin(id as string);
}

/** The first faults on one line: where and what. */
export function describeIssues(error: z.ZodError): string {
  const shown = error.issues.slice(0, 5).map((fault) => {
    const place = fault.path
      .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
      .join('');
    return `${place.replace(/^\./, '') || 'document'}: ${fault.message.replaceAll(/\s+/g, ' ')}`;
  });
  const more = error.issues.length - shown.length;
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '');
}
