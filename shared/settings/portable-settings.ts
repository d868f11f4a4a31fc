import { z } from 'zod';
import { Failure } from '../errors.ts';
import { plainIssues } from './plain-issues.ts';
import type { SecretStore } from './secret-store.ts';
import { type SecretState, secretStates } from './secret-uses.ts';
import type { Settings } from './settings.ts';
import { describeIssues } from './settings-store.ts';

const FORMAT = 'integration-client-settings';

/** What an export holds: everything but the values of secrets. */
export interface PortableSettings {
  readonly format: typeof FORMAT;
  readonly formatVersion: 1;
  /** ISO 8601. */
  readonly exportedAt: string;
  readonly settings: Settings;
  /** The secrets that the settings name. They have to be set where this is imported. */
  readonly secrets: readonly SecretState[];
}

export async function exportSettings(
  settings: Settings,
  secrets: SecretStore,
  now: number,
): Promise<PortableSettings> {
  return {
    format: FORMAT,
    formatVersion: 1,
    exportedAt: new Date(now).toISOString(),
    settings,
    secrets: await secretStates(secrets, settings),
  };
}

const portableSchema = z.object({
  format: z.literal(FORMAT, `this is no export of settings: "format" is not ${FORMAT}`),
  formatVersion: z.literal(1, 'this export was made by a newer version: update this installation first'),
  settings: z.unknown(),
});

/** The settings in an export, yet to be checked. Throws `Failure` `bad-settings`. */
export function settingsInExport(input: unknown): unknown {
  const result = portableSchema.safeParse(input, { error: plainIssues });
  if (result.success) return result.data.settings;
  throw new Failure('terminal', 'bad-settings', `Import: ${describeIssues(result.error)}`);
}
