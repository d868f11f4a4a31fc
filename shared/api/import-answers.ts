import { z } from 'zod';
import { MOST_BYTES, MOST_PART_BYTES } from '../imports/import-record.ts';
import { transferOptions } from '../settings/schedule.ts';
import { siteSchema } from '../settings/site.ts';
import { streamIds } from '../streams/stream.ts';
import { runSchema } from './run-answers.ts';

const { host, hostName, product, certificateAuthority, nothingFound } = siteSchema.shape;

/** Parts are held in memory while they are taken in. */
const DEFAULT_PART_BYTES = 8 * 1024 * 1024;
const LEAST_PART_BYTES = 16 * 1024;

export const newImportSchema = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(200)
    // It stands in messages.
    .regex(/^[^\p{Cc}\p{Cf}]+$/u, 'leave control characters out')
    .meta({ description: 'Name of the file, for people.' }),
  size: z.int().min(1).max(MOST_BYTES).meta({ description: 'Bytes of the whole file.' }),
  kind: z.enum(['xml', 'zip']).optional().meta({
    description: 'What the file is; found by its first bytes when left out.',
  }),
  partBytes: z.int().min(LEAST_PART_BYTES).max(MOST_PART_BYTES).default(DEFAULT_PART_BYTES).meta({
    description: 'Bytes of every part but the last, which has the rest.',
  }),
});

export const startImportSchema = z
  .strictObject({
    destinations: z.array(z.string()).min(1).max(100).meta({ description: 'Ids of destinations.' }),
    dataTypes: z.array(z.enum(streamIds)).min(1).meta({
      description: 'Session data, and the recordings that sessions name.',
    }),
    site: z.string().optional().meta({
      description: 'Id of the configured site that the sessions are of; recordings are fetched from it.',
    }),
    host: host.optional().meta({
      description:
        'Instead of site: the host that the sessions are of. With an account recordings are fetched from it, without one only session data are loaded.',
    }),
    account: z
      .discriminatedUnion('kind', [
        z.strictObject({
          kind: z.literal('oauth'),
          clientId: z.string().min(1).max(500),
          clientSecret: z.string().min(1).max(500),
        }),
        z.strictObject({
          kind: z.literal('legacy'),
          username: z.string().min(1).max(500),
          password: z.string().min(1).max(500),
        }),
      ])
      .optional()
      .meta({
        writeOnly: true,
        description:
          'API account at the host, for this load only: it is kept sealed, and removed at its end.',
      }),
    hostName,
    product,
    certificateAuthority,
    nothingFound,
    commandShellFormat: transferOptions.commandShellFormat,
    dryRun: z.boolean().optional().meta({
      description: 'Only says what would be loaded.',
    }),
  })
  .refine(
    ({ site, host: given }) => (site === undefined) !== (given === undefined),
    'give either site or host: the files do not say which appliance they are of',
  )
  .refine(
    ({ site, account, ...rest }) =>
      site === undefined ||
      [account, rest.hostName, rest.product, rest.certificateAuthority, rest.nothingFound].every(
        (one) => one === undefined,
      ),
    'account, hostName, product, certificateAuthority and nothingFound go with host; a site has its own',
  );

export const importSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    size: z.int(),
    partBytes: z.int(),
    parts: z.int().meta({ description: 'Of how many parts it consists; they are counted from 1.' }),
    received: z.int().meta({ description: 'How many of them are there.' }),
    missing: z
      .array(z.int())
      .meta({ description: 'Numbers of those that are not; the first thousand: send them, and look again.' }),
    kind: z.enum(['xml', 'zip']).optional(),
    state: z.enum(['incomplete', 'ready', 'loading', 'loaded']).meta({
      description: '`loaded`: its last load is over, however it ended; it can be started again.',
    }),
    createdAt: z.iso.datetime(),
    createdBy: z.string(),
    runId: z.string().optional().meta({ description: 'The run that loads it, or loaded it last.' }),
    run: runSchema.optional(),
  })
  .meta({ id: 'Import' });

export const partSchema = z
  .object({ part: z.int(), bytes: z.int(), sha256: z.string() })
  .meta({ id: 'ImportPart' });

export const faultPageSchema = z.object({
  faults: z.array(
    z
      .object({
        file: z.string(),
        at: z.int().optional().meta({ description: 'Byte of the file where it stands.' }),
        lsid: z.string().optional(),
        reason: z.string(),
      })
      .meta({ id: 'ImportFault' }),
  ),
  next: z.string().optional(),
});
