import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { ticketApprovalSchema } from './ticket-approval.ts';

/** IC guide: Application Settings. */
export const applicationSchema = z
  .strictObject({
    logLevel: z.enum(['debug', 'info', 'warn', 'error']).optional().meta({
      title: 'Log level',
      description:
        'The least level that is kept. When left out, the installation decides (LOG_LEVEL), which is info by default.',
    }),
    logFolder: z
      .string()
      .min(1)
      .max(1000)
      .refine((path) => isAbsolute(path), 'give the whole path')
      .optional()
      .meta({
        title: 'Log location',
        description:
          'Folder for the log files of an installation on a machine of your own; when left out, the option --log decides. In Azure the log is kept in the data storage account.',
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
    ticketApproval: ticketApprovalSchema.optional(),
  })
  .meta({ id: 'ApplicationSettings', title: 'Application Settings' });
