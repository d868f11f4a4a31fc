import { z } from 'zod';
import type { SessionRecord } from '../catalog/session-record.ts';
import type { ListedFile } from '../catalog/stored-file.ts';
import { streamIds } from '../streams/stream.ts';

/** What the API says of sessions and files that are stored: metadata. */
const instant = z.iso.datetime();

export const sessionSchema = z
  .object({
    site: z.string(),
    lsid: z.string(),
    kind: z.enum(['session', 'presentation']),
    externalKey: z.string().nullable(),
    startTime: instant.nullable().meta({ description: "By the appliance's clock." }),
    endTime: instant.nullable().meta({ description: 'Null while it runs, and after an abnormal close.' }),
    users: z.array(z.string()).meta({ description: 'Representatives or users, by each of their names.' }),
    endpoints: z.array(z.string()).meta({ description: 'Host names, and names of customers.' }),
    dataTypes: z.array(z.enum(streamIds)).meta({ description: 'What the session announces.' }),
    moreNames: z
      .literal(true)
      .optional()
      .meta({ description: 'It has more names than the 250 of a kind that are kept.' }),
  })
  .meta({ id: 'CatalogSession' });

export const sessionPageSchema = z.object({ sessions: z.array(sessionSchema), next: z.string().optional() });

export const fileSchema = z
  .object({
    id: z.string().optional().meta({ description: 'For its content. Absent when it was never stored.' }),
    destination: z.string(),
    site: z.string(),
    host: z.string().meta({ description: 'The recorded host name.' }),
    stream: z.string().meta({ description: 'Id of the data type.' }),
    state: z.enum(['stored', 'earlier', 'replaced', 'pruned', 'skipped']).meta({
      description:
        'earlier: an earlier version, still there. replaced: another has its name (Overwrite). pruned: removed by Retention Count. skipped: never stored, its name was taken (Skip).',
    }),
    name: z.string(),
    size: z.int().optional(),
    sha256: z.string().optional(),
    verified: z
      .enum(['length', 'chunked', 'end-tag', 'zip-end', 'read-twice', 'unverified'])
      .optional()
      .meta({ description: 'What says that it is whole.' }),
    storedAt: instant.optional(),
    applianceId: z.string().optional(),
    apiVersion: z.string().optional(),
    skippedVersions: z.int().optional().meta({ description: 'Later versions that were not stored (Skip).' }),
    goneAt: instant.optional(),
    why: z.string().optional(),
  })
  .meta({ id: 'StoredFile' });

export const filePageSchema = z.object({ files: z.array(fileSchema), next: z.string().optional() });

export const sessionFilesSchema = z.object({
  session: sessionSchema,
  files: z.array(fileSchema),
  destinations: z
    .array(z.object({ id: z.string(), name: z.string(), note: z.string() }))
    .meta({ description: 'Destinations that were not looked into, and why.' }),
});

export function shownSession(record: SessionRecord): z.output<typeof sessionSchema> {
  const { siteId, hosts: _, startTime, endTime, users, endpoints, dataTypes, ...rest } = record;
  return {
    site: siteId,
    ...rest,
    startTime: isoOf(startTime),
    endTime: isoOf(endTime),
    users: [...users],
    endpoints: [...endpoints],
    dataTypes: [...dataTypes],
  };
}

function isoOf(seconds: number | null): string | null {
  // An appliance may send any number; what is no date is as unknown as none.
  if (seconds === null || Math.abs(seconds) > 253_402_300_799) return null;
  return new Date(seconds * 1000).toISOString();
}

export function shownFile(file: ListedFile): z.output<typeof fileSchema> {
  return file;
}
