import { z } from 'zod';
import { streamIds } from '../streams/stream.ts';
import { failureSchema } from './run-answers.ts';

/** What the API says of the item ledger, described. */
const placeShape = {
  site: z.string(),
  stream: z.enum(streamIds),
  item: z.string().meta({ description: 'Key of the item.' }),
  destination: z.string(),
};
const instant = z.iso.datetime();
const next = z.string().optional();

export const ledgerPageSchema = z.object({
  items: z.array(
    z
      .object({
        ...placeShape,
        lsid: z.string().optional(),
        title: z.string().meta({ description: 'Of the data type.' }),
        siteName: z.string().optional(),
        destinationName: z.string().optional(),
        state: z.enum(['pending', 'set-aside']),
        attempts: z.int(),
        handRetries: z.int(),
        owedSince: instant,
        refusedSince: instant.optional(),
        nextAttempt: instant.optional(),
        lastFailure: failureSchema.optional(),
      })
      .meta({ id: 'LedgerItem' }),
  ),
  next,
});

export const retriedSchema = z.object({
  retried: z.int(),
  transfers: z.array(
    z.object({
      site: z.string(),
      stream: z.string(),
      destination: z.string(),
      items: z.int(),
      by: z.enum(['run', 'schedule', 'nobody']).meta({ description: 'Who fetches them.' }),
      run: z.string().optional(),
      schedules: z.array(z.string()).optional(),
    }),
  ),
  refused: z.array(z.object({ ...placeShape, reason: z.string() })),
  next,
});
