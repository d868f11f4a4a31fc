import { z } from 'zod';
import { Failure } from '../../errors.ts';

/** What a user sets for a SQL destination, Destination Name apart (IC guide: SQL Server Plugin). */
export const sqlSettingsSchema = z.strictObject({
  kind: z.literal('sqlite').meta({
    title: 'Database',
    description: 'sqlite: a database in one file, made on first use.',
  }),
  path: z
    .string()
    .min(1, 'give the path of the database file')
    .max(4096)
    .refine((path) => !path.includes('\0'), 'a path has no NUL character')
    .refine((path) => path !== ':memory:', 'a database in memory keeps nothing; give the path of a file')
    .refine((path) => !path.startsWith('file:'), 'give a plain path, not a URI')
    .refine(
      (path) => !/^(\\\\|\/\/)/.test(path),
      'a network share loses data under SQLite; give a local path',
    )
    .refine((path) => !/[\\/]$/.test(path), 'this is a folder; give the path of a file')
    .meta({
      title: 'Database file',
      description: 'Path on a local disk. Its folder is made if only that one is missing.',
    }),
  storeSystemInformation: z.boolean().default(true).meta({
    title: 'Should Store System Information',
    description: 'Whether the system information collected during a session goes into the database.',
  }),
  storeCapabilityUrls: z.boolean().default(false).meta({
    title: 'Store recording and chat links',
    description:
      'Event values whose name ends in _url open recordings and chats without a further login. Left out unless this is on.',
  }),
});

export type SqlSettings = z.output<typeof sqlSettingsSchema>;
export type SqlSettingsInput = z.input<typeof sqlSettingsSchema>;

/** Throws a terminal `bad-setting`: one line that names the destination, each setting and what is wrong with it. */
export function readSqlSettings(settings: unknown, destination: string): SqlSettings {
  const result = sqlSettingsSchema.safeParse(settings);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => {
    const line = message.replaceAll(/\s+/g, ' ');
    return path.length === 0 ? line : `${path.join('.')}: ${line}`;
  });
  throw new Failure('terminal', 'bad-setting', `destination "${destination}": ${faults.join('; ')}`);
}
