import { z } from 'zod';

/** IC guide: Application Settings. Where logs go is the platform's matter and an option of the local start. */
export const applicationSchema = z
  .strictObject({
    logLevel: z.enum(['debug', 'info', 'warn', 'error']).optional().meta({
      title: 'Log level',
      description:
        'The least level that is kept. When left out, the installation decides (LOG_LEVEL), which is info by default.',
    }),
    logRemovalDays: z.int().min(1).max(3650).default(90).meta({
      title: 'Log File Removal',
      description:
        'Logs are removed after this many days. Evidence (what was stored, and its hashes) never is.',
    }),
    runRemovalDays: z.int().min(1).max(3650).default(365).meta({
      title: 'Removal of run records',
      description: 'Records of runs that have ended are removed after this many days.',
    }),
    reconcileDays: z.int().min(1).max(3650).default(7).meta({
      title: 'Days that are reconciled each day',
      description:
        'So many days back, what the appliance lists is compared with what is stored, and what is missing is pulled.',
    }),
    reconcileWeeklyDays: z.int().min(1).max(3650).default(90).meta({
      title: 'Days that are reconciled each week',
      description: 'The same once a week, further back. Never further than an appliance keeps its data.',
    }),
    reconcileHour: z.int().min(0).max(23).default(4).meta({
      title: 'Hour of the daily reconciliation',
      description: 'UTC. It begins within this hour, or as soon after it as the program runs.',
    }),
  })
  .meta({ title: 'Application Settings' });

export type ApplicationSettings = z.infer<typeof applicationSchema>;
