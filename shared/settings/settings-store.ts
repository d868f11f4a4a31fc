import type { z } from 'zod';
import { Failure } from '../errors.ts';
import { StateConflict, type StateStore } from '../state/state-store.ts';
import { checkPlaces } from './places.ts';
import { emptySettings, type Settings, settingsSchema } from './settings.ts';

export interface StoredSettings {
  readonly settings: Settings;
  /** Absent while nothing was saved. */
  readonly etag?: string;
}

const CURRENT = ['settings', 'settings', 'current'] as const;

/** What is saved, read by today's schema, so that a default added later is there. */
export async function loadSettings(state: StateStore): Promise<StoredSettings> {
  const entry = await state.get<unknown>(...CURRENT);
  if (!entry) return { settings: emptySettings };
  return { settings: parseSettings(entry.value), etag: entry.etag };
}

/**
 * Saves the whole document. `etag`: of the version that was changed; absent = there must be none yet.
 * Throws `Failure` `bad-settings` (first faults, with their places) or `settings-changed`.
 */
export async function saveSettings(
  state: StateStore,
  input: unknown,
  etag?: string,
): Promise<StoredSettings> {
  const settings = parseSettings(input);
  await checkPlaces(state, settings);
  try {
    const next =
      etag === undefined
        ? await state.insert(...CURRENT, settings)
        : await state.update(...CURRENT, settings, etag);
    return { settings, etag: next };
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
    throw new Failure(
      'terminal',
      'settings-changed',
      'The settings were changed by somebody else meanwhile; read them again, then save with their ETag.',
      { cause: error },
    );
  }
}

export function parseSettings(input: unknown): Settings {
  const result = settingsSchema.safeParse(input);
  if (result.success) return result.data;
  throw new Failure('terminal', 'bad-settings', `Settings: ${describeIssues(result.error)}`, {
    cause: result.error,
  });
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
