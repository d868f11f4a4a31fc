import { IANAZone } from 'luxon';
import { z } from 'zod';
import { reportPeriods } from '../streams/bucket.ts';
import { commandShellFormats, streamIds } from '../streams/stream.ts';
import { slug } from './names.ts';

/** Where a new transfer begins. */
export const beginSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('days-back'), days: z.number().positive().max(3650) }),
    z.strictObject({ kind: z.literal('now') }),
    z.strictObject({ kind: z.literal('everything') }),
    z.strictObject({ kind: z.literal('date'), at: z.iso.datetime({ offset: true }) }),
    z.strictObject({ kind: z.literal('last-run'), at: z.iso.datetime({ offset: true }) }),
  ])
  .default({ kind: 'days-back', days: 90 })
  .meta({
    title: 'Begins at',
    description:
      'How far back the first run reads: days-back (default 90 days, what appliances keep), now, everything, a date, or the Last Run taken over from another client (read from one day before it).',
  });

/** Choices that some data types leave; pulls have them too. */
export const transferOptions = {
  commandShellFormat: z.enum(commandShellFormats).optional().meta({
    title: 'Command shell recordings as',
    description: 'video (default), text, or both. What was read before a change stays as it was read.',
  }),
  reportPeriod: z.enum(reportPeriods).optional().meta({
    title: 'Report period',
    description:
      'In which stretches team activity, vault account activity, exit surveys and license usage are read: whole UTC days (day, default) or hours (hour).',
  }),
};

export const transferSchema = z.strictObject({
  site: slug.meta({ title: 'Site' }),
  destination: slug.meta({ title: 'Destination' }),
  dataTypes: z.array(z.enum(streamIds)).min(1).meta({ title: 'Data types' }),
  begin: beginSchema,
  ...transferOptions,
});

const periodSchema = z.union(
  [
    z.strictObject({
      minutes: z
        .int()
        .min(1)
        .max(7 * 24 * 60),
    }),
    z.strictObject({
      hours: z
        .int()
        .min(1)
        .max(7 * 24),
    }),
    z.strictObject({
      days: z.int().min(1).max(7),
      at: z
        .string()
        .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'use HH:MM')
        .default('00:00'),
      timeZone: z
        .string()
        .refine(
          (zone) => IANAZone.create(zone).isValid,
          'unknown time zone; use an IANA name such as Europe/Berlin',
        )
        .default('UTC'),
    }),
  ],
  'give minutes, hours, or days (with at and timeZone), as a whole number',
);

/** IC guide: Schedule Configuration. */
export const scheduleSchema = z
  .strictObject({
    id: slug,
    name: z.string().min(1).max(200).meta({ title: 'Schedule Name' }),
    enabled: z.boolean().default(true),
    every: periodSchema.meta({ title: 'Run Every', description: 'From every minute to every seven days.' }),
    transfers: z.array(transferSchema).min(1).meta({ title: 'Transfers' }),
  })
  .meta({ id: 'Schedule' });

export type Begin = z.infer<typeof beginSchema>;
export type Period = z.infer<typeof periodSchema>;
export type TransferSetting = z.infer<typeof transferSchema>;
export type Schedule = z.infer<typeof scheduleSchema>;
