import { z } from 'zod';
import { Failure } from '../../errors.ts';
import { connectionStringFault } from './mssql-connection.ts';

const rows = {
  storeSystemInformation: z.boolean().default(true).meta({
    title: 'Should Store System Information',
    description: 'Whether the system information collected during a session goes into the database.',
  }),
  storeCapabilityUrls: z.boolean().default(false).meta({
    title: 'Store recording and chat links',
    description:
      'Event values whose name ends in _url open recordings and chats without a further login. Left out unless this is on.',
  }),
};

const sqlite = z.strictObject({
  kind: z.literal('sqlite').meta({
    title: 'Database',
    description: 'A SQLite database in one file, made on first use.',
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
  ...rows,
});

const mssql = z
  .strictObject({
    kind: z.literal('mssql').meta({
      title: 'Database',
      description:
        'Azure SQL or SQL Server 2016 or later. The database must be there; tables are made on first use.',
    }),
    connectionString: z
      .string()
      .max(4096)
      .superRefine((text, context) => {
        const message = connectionStringFault(text);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
      })
      .optional()
      .meta({
        title: 'Connection String',
        description:
          'Without a password: Server=tcp:NAME.database.windows.net,1433;Database=NAME;Authentication=Active Directory Default. The managed identity needs db_datareader and db_datawriter, and db_ddladmin where it is to make its tables.',
      }),
    connectionSecret: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,127}$/, 'a secret name has letters, digits and hyphens only')
      .optional()
      .meta({
        title: 'Secret with the Connection String',
        description: 'Instead: name of the secret that holds a connection string with user and password.',
      }),
    schema: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'letters, digits and underscores, not beginning with a digit')
      .default('dbo')
      .meta({ title: 'Schema', description: 'The schema of the tables in the database; it must be there.' }),
    certificateAuthority: z
      .string()
      .max(100_000)
      .refine((text) => text.includes('-----BEGIN CERTIFICATE-----'), 'give certificates as PEM text')
      .optional()
      .meta({
        title: 'Certificate authority',
        description: 'PEM text, for a server whose certificate comes from an authority of your own.',
      }),
    ...rows,
  })
  .refine(
    ({ connectionString, connectionSecret }) =>
      (connectionString === undefined) !== (connectionSecret === undefined),
    {
      path: ['connectionString'],
      message: 'give either a connection string without a password or the secret that holds one',
    },
  );

/** What a user sets for a SQL destination, Destination Name apart (IC guide: SQL Server Plugin). */
export const sqlSettingsSchema = z.discriminatedUnion('kind', [sqlite, mssql]);

export type SqlSettings = z.output<typeof sqlSettingsSchema>;
export type SqlSettingsInput = z.input<typeof sqlSettingsSchema>;
export type MssqlSettings = Extract<SqlSettings, { kind: 'mssql' }>;

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
