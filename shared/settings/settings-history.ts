import type { Operation, StateStore } from '../state/state-store.ts';
import { type SettingsChange, settingsChanges } from './settings-changes.ts';

/** Who changes the settings, and how. */
export interface SettingsAuthor {
  readonly by: string;
  /** Milliseconds since 1970, our clock. */
  readonly at: number;
  readonly action: 'saved' | 'imported' | 'restored';
  /** The version that was restored. */
  readonly restored?: number;
}

/** One version of the settings: what was changed, by whom, when. */
export interface SettingsVersion {
  /** From 1. */
  readonly version: number;
  /** ISO 8601, our clock. */
  readonly at: string;
  readonly by: string;
  readonly action: SettingsAuthor['action'];
  readonly restored?: number;
  readonly changes: readonly SettingsChange[];
  /** Changes beyond those that are listed. */
  readonly more?: number;
}

/** In the partition of the current document, so that all of a save is one transaction. */
const PARTITION = ['settings', 'settings'] as const;
const MOST_CHANGES = 200;
const LAST_VERSION = 9_999_999_999;

/** Newest first in key order. */
const historyKey = (version: number) => `history|${String(LAST_VERSION - version).padStart(10, '0')}`;
const documentKey = (version: number) => `version|${version}`;

/** The rows that go with a save. */
export async function historyRows(
  state: StateStore,
  before: unknown,
  after: unknown,
  { by, at, action, restored }: SettingsAuthor,
): Promise<Operation[]> {
  const [newest] = (await listVersions(state, 1)).versions;
  const version = (newest?.version ?? 0) + 1;
  const changes = settingsChanges(before ?? {}, after);
  const entry: SettingsVersion = {
    version,
    at: new Date(at).toISOString(),
    by,
    action,
    ...(restored === undefined ? {} : { restored }),
    changes: changes.slice(0, MOST_CHANGES),
    ...(changes.length > MOST_CHANGES ? { more: changes.length - MOST_CHANGES } : {}),
  };
  return [
    { op: 'insert', key: historyKey(version), value: entry },
    { op: 'insert', key: documentKey(version), value: after },
  ];
}

/** Newest first. `from`: the `next` of the page before. */
export async function listVersions(
  state: StateStore,
  limit: number,
  from = 'history|',
): Promise<{ readonly versions: SettingsVersion[]; readonly next?: string }> {
  const page = await state.list<SettingsVersion>(...PARTITION, { from, before: 'history~', limit });
  const versions = page.entries.map(({ value }) => value);
  return { versions, ...(page.next === undefined ? {} : { next: page.next }) };
}

/** A version with its whole document, as it was saved. */
export async function getVersion(
  state: StateStore,
  version: number,
): Promise<(SettingsVersion & { readonly settings: unknown }) | undefined> {
  const entry = await state.get<SettingsVersion>(...PARTITION, historyKey(version));
  const document = await state.get<unknown>(...PARTITION, documentKey(version));
  return entry && document && { ...entry.value, settings: document.value };
}
