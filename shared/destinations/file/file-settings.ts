import { z } from 'zod';
import { Failure } from '../../errors.ts';
import { conflictHandlings } from './conflict.ts';
import { directoryFault } from './destination-directory.ts';
import { defaultFileNameFormat, parseFileNameFormat } from './file-name.ts';
import { safeComponent } from './safe-name.ts';

const fileNameFormat = z.string().superRefine((format, context) => {
  try {
    parseFileNameFormat(format);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
  }
});

const naming = {
  fileNameFormat: fileNameFormat.optional().meta({
    title: 'File Name Format',
    description: `Replacement values: %LSEQ%, %LSID%, %EXTERNAL_KEY%, %SESSION_TYPE%, %SUPPORT_SITE_HOST%, %INSTANCE%, %EXTENSION%; "/" makes folders; an empty value is written "none". Left out: ${defaultFileNameFormat}, with .%INSTANCE% where one session can have several files.`,
  }),
  conflictHandling: z.enum(conflictHandlings).default('AppendNumber').meta({
    title: 'File Name Conflict Handling',
    description:
      'When the file name is taken: AppendNumber writes a new file with a number before the last period, Overwrite replaces the file, Skip keeps it and writes nothing.',
  }),
  extension: z.enum(['guide', 'as-served']).default('guide').meta({
    title: 'Extension',
    description: 'guide: xml, flv and nsb; as-served: what the appliance says it sends.',
  }),
  retentionCount: z.int().min(0).max(100_000).optional().meta({
    title: 'Retention Count',
    description:
      'How many prior backups of each site are kept besides the newest. Left out: all. Removes only files that this destination has stored itself.',
  }),
};

const folder = z.strictObject({
  kind: z
    .literal('folder')
    .meta({ title: 'Storage', description: 'A folder of this machine or a mounted share.' }),
  directory: z
    .string()
    .max(1000)
    .superRefine((directory, context) => {
      const message = directoryFault(directory, process.platform);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .meta({
      title: 'Destination Directory',
      description: 'A local folder, or on Windows a UNC path. No mapped drive.',
    }),
  ...naming,
});

/** How a storage account is reached: `service` and `role` as Azure names them. */
const account = (service: 'blob' | 'file', role: string) => ({
  url: z
    .url({
      protocol: /^https$/,
      error: `give the address of the storage account, https://NAME.${service}.core.windows.net`,
    })
    .refine(
      (url) => URL.canParse(url) && new URL(url).search === '',
      'a signature does not belong into an address',
    )
    .optional()
    .meta({
      title: 'Storage account',
      description: `https://NAME.${service}.core.windows.net; the managed identity needs ${role}.`,
    }),
  connectionSecret: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,127}$/, 'a secret name has letters, digits and hyphens only')
    .optional()
    .meta({
      title: 'Connection string',
      description:
        'Instead of an address and the managed identity: name of the secret with a connection string.',
    }),
});

const oneWayIn = {
  path: ['url'],
  message: 'give either the address of the storage account or the secret with its connection string',
};
const hasOneWayIn = (settings: { url?: string | undefined; connectionSecret?: string | undefined }) =>
  (settings.url === undefined) !== (settings.connectionSecret === undefined);

/** The rule is the same for containers and shares. */
const placeName = z
  .string()
  .regex(/^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/, '3 to 63 lower-case letters, digits and single hyphens');

const prefix = z
  .string()
  .max(200)
  .regex(/^([A-Za-z0-9_-][A-Za-z0-9._-]*(\/(?!$)|$))*$/, {
    error: 'folders of letters, digits, "-", "_" and ".", parted by "/"',
    abort: true,
  });

const blob = z
  .strictObject({
    kind: z.literal('blob').meta({ title: 'Storage', description: 'A container of Azure Blob storage.' }),
    ...account('blob', 'Storage Blob Data Contributor'),
    container: placeName.meta({ title: 'Container', description: 'Destination Directory: the container.' }),
    prefix: prefix.default('').meta({
      title: 'Folder',
      description: 'Destination Directory: a folder in the container; may be empty.',
    }),
    tier: z
      .enum(['Hot', 'Cool', 'Cold'])
      .optional()
      .meta({ title: 'Access tier', description: "Left out: the account's default." }),
    ...naming,
  })
  .refine(hasOneWayIn, oneWayIn);

const share = z
  .strictObject({
    kind: z
      .literal('share')
      .meta({ title: 'Storage', description: 'A share of Azure Files that is served over SMB.' }),
    ...account('file', 'Storage File Data Privileged Contributor'),
    share: placeName.meta({
      title: 'Share',
      description: 'Destination Directory: the share; it must be there already.',
    }),
    prefix: prefix
      .refine(
        (folders) =>
          folders.split('/').every((folder) => folder === '' || safeComponent(folder, 255) === folder),
        'a folder name that Windows does not take',
      )
      .default('')
      .meta({ title: 'Folder', description: 'Destination Directory: a folder in the share; may be empty.' }),
    ...naming,
  })
  .refine(hasOneWayIn, oneWayIn);

/** What a user sets for a file destination, Destination Name apart (IC guide: File System Plugin Settings). */
export const fileSettingsSchema = z.discriminatedUnion('kind', [folder, blob, share]);

export type FileSettings = z.output<typeof fileSettingsSchema>;
