import { z } from 'zod';
import { pluginOf } from '../destinations/index.ts';
import { isPackaged } from '../destinations/plugin-registry.ts';
import { applicationSchema } from './application.ts';
import { destinationSchema } from './destination.ts';
import { notificationSchema } from './notifications.ts';
import { plainIssues } from './plain-issues.ts';
import { scheduleSchema } from './schedule.ts';
import { siteSchema } from './site.ts';
import { ticketFaults } from './ticket-approval.ts';
import { namingFaults, scheduledStreams, transferFaults } from './transfer-checks.ts';

const document = z.strictObject({
  sites: z.array(siteSchema).max(200).default([]),
  destinations: z.array(destinationSchema).max(200).default([]),
  schedules: z.array(scheduleSchema).max(1000).default([]),
  scheduler: z.enum(['running', 'stopped']).default('running').meta({ title: 'Scheduler' }),
  application: applicationSchema.prefault({}),
  notifications: notificationSchema.prefault({}),
});

/** Everything a user sets, as one document: it is saved and exported whole or not at all. Secrets are named in it. */
export const settingsSchema = document
  .superRefine((settings, context) => check(settings, context, false))
  .meta({ id: 'Settings' });

/**
 * What was saved before. A package may have gone or changed since: then its own destinations fail when they are opened,
 * and everything else goes on.
 */
export const savedSettingsSchema = document.superRefine((settings, context) =>
  check(settings, context, true),
);

function check(settings: Settings, context: z.RefinementCtx, saved: boolean): void {
  for (const list of ['sites', 'destinations', 'schedules'] as const)
    checkUnique(settings[list], list, context);
  checkDestinations(settings.destinations, context, saved);
  checkSchedules(settings, context, saved);
  checkNames(settings, context, saved);
  checkShared(settings, context);
  for (const { path, message } of ticketFaults(settings)) issue(context, [...path], message);
}

export type Settings = z.output<typeof document>;

export const emptySettings: Settings = settingsSchema.parse({});

function checkUnique(items: readonly { id: string }[], list: string, context: z.RefinementCtx): void {
  const seen = new Set<string>();
  items.forEach(({ id }, index) => {
    if (seen.has(id)) issue(context, [list, index, 'id'], `the id "${id}" is used twice`);
    seen.add(id);
  });
}

function checkDestinations(
  destinations: Settings['destinations'],
  context: z.RefinementCtx,
  saved: boolean,
): void {
  for (const [index, destination] of destinations.entries()) {
    const packaged = isPackaged(destination.plugin);
    const plugin = pluginOf(destination.plugin);
    if (!plugin || plugin.problem !== undefined) {
      const problem = plugin?.problem ?? `there is no plugin "${destination.plugin}"`;
      if (!(saved && packaged)) issue(context, ['destinations', index, 'plugin'], problem);
      continue;
    }
    const result = plugin.settings.safeParse(destination.settings ?? {}, { error: plainIssues });
    if (result.success) destination.settings = result.data;
    else if (!(saved && packaged))
      for (const fault of result.error.issues)
        for (const key of fault.code === 'unrecognized_keys' ? fault.keys.map((name) => [name]) : [[]])
          issue(context, ['destinations', index, 'settings', ...fault.path, ...key], fault.message);
  }
}

/** A run is one record with the results of all its transfers. */
const MOST_TRANSFERS = 300;

function checkSchedules(settings: Settings, context: z.RefinementCtx, saved: boolean): void {
  const packaged = new Set(
    settings.destinations.filter(({ plugin }) => isPackaged(plugin)).map(({ id }) => id),
  );
  settings.schedules.forEach((schedule, index) => {
    const transfers = schedule.transfers.reduce((sum, { dataTypes }) => sum + dataTypes.length, 0);
    if (transfers > MOST_TRANSFERS)
      issue(
        context,
        ['schedules', index, 'transfers'],
        `${transfers} transfers (a data type each); at most ${MOST_TRANSFERS}: divide them over several schedules`,
      );
    schedule.transfers.forEach((transfer, at) => {
      for (const { field, message } of transferFaults(settings, transfer))
        if (!(saved && field === 'dataTypes' && packaged.has(transfer.destination)))
          issue(context, ['schedules', index, 'transfers', at, field], message);
    });
  });
}

/** A File Name Format has to tell the data types apart that go to the destination: else one replaces the other. */
function checkNames(settings: Settings, context: z.RefinementCtx, saved: boolean): void {
  for (const [index, destination] of settings.destinations.entries()) {
    if (saved && isPackaged(destination.plugin)) continue;
    for (const { message } of namingFaults(destination, scheduledStreams(settings, destination.id)))
      issue(context, ['destinations', index, 'settings', 'fileNameFormat'], message);
  }
}

/**
 * Schedules that move one data type between the same places share how far they are: what one of them reads, the other
 * does not read again. So they have to want the same of it.
 */
function checkShared(settings: Settings, context: z.RefinementCtx): void {
  const chosen = new Map<string, string>();
  settings.schedules.forEach((schedule, index) => {
    schedule.transfers.forEach((transfer, at) => {
      for (const stream of transfer.dataTypes) {
        if (stream !== 'command-shell-recording') continue;
        const { site, destination, commandShellFormat = 'video' } = transfer;
        const key = `${site}|${destination}`;
        const before = chosen.get(key);
        chosen.set(key, commandShellFormat);
        if (before === undefined || before === commandShellFormat) continue;
        const path = ['schedules', index, 'transfers', at, 'commandShellFormat'];
        issue(context, path, `another transfer to "${destination}" has ${before}: use both in each of them`);
      }
    });
  });
}

function issue(context: z.RefinementCtx, path: PropertyKey[], message: string): void {
  context.addIssue({ code: 'custom', path: [...path], message });
}
