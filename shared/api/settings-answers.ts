import { z } from 'zod';
import { settingsSchema } from '../settings/settings.ts';

/** What the API gives out about settings and secrets, described. */
export const secretStateSchema = z
  .object({
    name: z.string(),
    usedBy: z
      .array(z.string())
      .meta({ description: 'Places in the settings: `sites[support].account.secret` …' }),
    state: z.enum(['set', 'missing', 'unknown']),
    reason: z.string().optional(),
  })
  .meta({ id: 'SecretState' });

const changeSchema = z
  .object({
    path: z.string().meta({ description: '`sites[support].host`' }),
    before: z.string().optional(),
    after: z.string().optional(),
  })
  .meta({ id: 'SettingsChange' });

const version = {
  version: z.int().min(1),
  at: z.iso.datetime(),
  by: z.string(),
  action: z.enum(['saved', 'imported', 'restored']),
  restored: z.int().optional().meta({ description: 'The version that was restored.' }),
  changes: z.array(changeSchema),
  more: z.int().optional().meta({ description: 'Changes beyond those that are listed.' }),
};

export const versionPageSchema = z.object({
  versions: z.array(z.object(version).meta({ id: 'SettingsVersion' })),
  next: z.string().optional(),
});

/** The document as it was saved, which may be by an older version of the program. */
export const versionSchema = z.object({ ...version, settings: z.looseObject({}) });

export const exportSchema = z
  .object({
    format: z.literal('integration-client-settings'),
    formatVersion: z.literal(1),
    exportedAt: z.iso.datetime(),
    settings: settingsSchema,
    secrets: z.array(secretStateSchema),
  })
  .meta({ id: 'SettingsExport' });

export const importSchema = z.looseObject({
  format: z.literal('integration-client-settings'),
  formatVersion: z.literal(1),
  settings: settingsSchema,
});

export const importedSchema = z.object({
  applied: z.boolean(),
  changes: z.array(changeSchema),
  secrets: z.array(secretStateSchema).meta({ description: 'What the imported settings need.' }),
});
