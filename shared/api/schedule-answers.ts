import { z } from 'zod';
import { scheduleSchema } from '../settings/schedule.ts';

/** How schedules stand, described; the types are those of schedules/overview.ts. */
const instant = z.iso.datetime();

export const overviewSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    enabled: z.boolean(),
    every: scheduleSchema.shape.every,
    period: z.string().meta({ description: 'For people: "every day at 02:30 (Europe/Berlin)".' }),
    lastRun: instant.optional().meta({ description: 'Due instant of the last run that completed.' }),
    lastRunId: z.string().optional(),
    nextRun: instant.optional(),
    going: z.string().optional().meta({ description: 'Its run that goes on, or is about to.' }),
    transfers: z.int(),
  })
  .meta({ id: 'ScheduleOverview' });

export const schedulerSchema = z
  .object({
    state: z.enum(['running', 'stopped']),
    lastCheck: instant.optional().meta({ description: 'When it last looked whether a schedule is due.' }),
    late: z.boolean().meta({ description: 'It runs, and nobody has looked for a quarter of an hour.' }),
    nextRun: z.object({ at: instant, schedule: z.string() }).optional(),
  })
  .meta({ id: 'Scheduler' });
