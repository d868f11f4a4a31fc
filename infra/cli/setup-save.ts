import { z } from 'zod';
import { secretStateSchema } from '../../shared/api/settings-answers.ts';
import type { Settings } from '../../shared/settings/settings.ts';
import type { ApiClient } from './api-client.ts';
import { ApiProblem } from './api-problem.ts';
import { currentSettings } from './current-settings.ts';

export async function loadSettings(client: ApiClient): Promise<Settings> {
  return readSettings((await currentSettings(client)).settings);
}

const items = z.array(z.looseObject({ id: z.string() }));
const readSchema = z.looseObject({ sites: items, destinations: items, schedules: items });

/** The instance has checked them: what is a folder there may be none on this machine. */
function readSettings(answer: unknown): Settings {
  return readSchema.parse(answer) as unknown as Settings;
}

export async function loadSecrets(client: ApiClient) {
  const { writable, secrets } = z
    .object({ writable: z.boolean(), secrets: z.array(secretStateSchema) })
    .parse(await client.json('GET', '/secrets'));
  return { writable, secrets: new Map(secrets.map(({ name, state }) => [name, state as string])) };
}

/**
 * Secrets before the settings that name them, and neither before the settings were found right. Where somebody changed
 * the settings meanwhile the same is done to what they are now.
 */
export async function saveAtOnce(
  client: ApiClient,
  change: (before: Settings) => Settings,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  const settings = change(await loadSettings(client));
  const document = { format: 'integration-client-settings', formatVersion: 1, settings };
  await client.ask('POST', '/settings/import', { query: { dryRun: 'true' }, body: document });
  for (const [name, value] of Object.entries(secrets))
    await client.ask('PUT', `/secrets/${encodeURIComponent(name)}`, { body: { value } });
  for (let attempt = 1; ; attempt++) {
    const { settings: now, condition } = await currentSettings(client);
    const body = change(readSettings(now));
    try {
      await client.ask('PUT', '/settings', { body, headers: condition });
      return;
    } catch (error) {
      if (!(error instanceof ApiProblem && error.code === 'settings-changed' && attempt < 3)) throw error;
    }
  }
}
