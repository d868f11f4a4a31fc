import { z } from 'zod';
import { streamIds } from '../streams/stream.ts';

/** What the API gives out, described; the types of runs/run.ts are what it is made of. */
const instant = z.iso.datetime();
const count = z.int().min(0);

export const failureSchema = z
  .object({
    kind: z.enum(['terminal', 'transient', 'item', 'internal']),
    code: z.string(),
    message: z.string(),
  })
  .meta({ id: 'Failure', description: 'What went wrong: a stable code, and one line for people.' });

const counts = z.object({
  found: count.meta({ description: 'Sessions or files that were looked at' }),
  stored: count,
  repeated: count.meta({ description: 'There already: unchanged, or newer' }),
  open: count.meta({ description: 'Sessions that still run; a later run completes them' }),
  owed: count.meta({ description: 'Files put into the item ledger' }),
  postponed: count.meta({ description: 'Attempts that failed and will be made again' }),
  setAside: count,
  skipped: count,
  bytes: count,
});

const transfer = { siteId: z.string(), stream: z.enum(streamIds), destinationId: z.string() };

export const runSchema = z
  .looseObject({
    id: z.string(),
    kind: z.enum(['schedule', 'pull']),
    scheduleId: z.string().optional(),
    import: z
      .object({ id: z.string(), from: z.enum(['site', 'host', 'none']) })
      .optional()
      .meta({
        description:
          'Of a pull that loads an import: which, and whether recordings are fetched from a site of the settings, from a host given for this load, or from nowhere.',
      }),
    dueAt: instant.meta({ description: 'The due instant of the schedule, or when the pull was asked for' }),
    startedAt: instant.optional(),
    finishedAt: instant.optional(),
    status: z.enum(['queued', 'running', 'succeeded', 'partial', 'failed', 'cancelled']),
    cancelRequested: z.boolean().optional(),
    transfers: z.array(z.looseObject(transfer)),
    results: z
      .array(
        z.looseObject({
          ...transfer,
          status: z.enum(['running', 'succeeded', 'partial', 'failed', 'cancelled']),
          counts,
          alarms: z.array(z.string()),
          failure: failureSchema.optional(),
        }),
      )
      .optional(),
    failure: failureSchema.optional(),
  })
  .meta({ id: 'Run' });

export const runPageSchema = z.object({ runs: z.array(runSchema), next: z.string().optional() });
