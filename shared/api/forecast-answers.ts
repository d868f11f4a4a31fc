import { z } from 'zod';
import { streamIds } from '../streams/stream.ts';
import { failureSchema } from './run-answers.ts';

const count = z.int().min(0);

const transferForecast = z
  .object({
    siteId: z.string(),
    stream: z.enum(streamIds),
    destinationId: z.string(),
    found: count.optional().meta({
      description: 'Sessions or files; absent where only the session reports tell which there are.',
    }),
    there: count.optional().meta({ description: 'Of them at the destination already.' }),
    fresh: count.optional().meta({ description: 'Of them not at the destination, or not as they ended.' }),
    note: z.string().optional(),
    failure: failureSchema
      .optional()
      .meta({ description: 'The site or the destination could not be asked.' }),
  })
  .meta({ id: 'TransferForecast' });

export const forecastSchema = z
  .object({
    dryRun: z.literal(true),
    transfers: z.array(transferForecast),
    requests: count.meta({ description: 'About how many requests the sites would get.' }),
  })
  .meta({
    id: 'PullForecast',
    description: 'What a pull would move. Nothing was started, moved or written.',
  });

export const importForecastSchema = forecastSchema
  .extend({
    files: count.meta({ description: 'XML files in the import.' }),
    sessions: count,
    broken: count.meta({ description: 'What cannot be read and would be set aside.' }),
    faults: z.array(z.string()).meta({ description: 'The first of them: where, and why.' }),
    complete: z.boolean().meta({
      description: 'false: the import is so large that these are the figures of its beginning.',
    }),
  })
  .meta({ id: 'ImportForecast', description: 'What a load would bring. Nothing was started or written.' });
