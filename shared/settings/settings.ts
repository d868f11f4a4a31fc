import { z } from 'zod';
import { pluginOf } from '../destinations/index.ts';
import { streamOf } from '../streams/index.ts';
import { applicationSchema } from './application.ts';
import { destinationSchema } from './destination.ts';
import { notificationSchema } from './notifications.ts';
import { scheduleSchema } from './schedule.ts';
import { siteSchema } from './site.ts';

/** Everything a user sets, as one document: it is saved and exported whole or not at all. Secrets are named in it. */
export const settingsSchema = z
  .strictObject({
    sites: z.array(siteSchema).max(200).default([]),
    destinations: z.array(destinationSchema).max(200).default([]),
    schedules: z.array(scheduleSchema).max(1000).default([]),
    scheduler: z.enum(['running', 'stopped']).default('running').meta({ title: 'Scheduler' }),
    application: applicationSchema.prefault({}),
    notifications: notificationSchema.prefault({}),
  })
  .superRefine((settings, context) => {
    for (const list of ['sites', 'destinations', 'schedules'] as const)
      checkUnique(settings[list], list, context);
    checkDestinations(settings.destinations, context);
    checkSchedules(settings, context);
    checkNames(settings, context);
  });

export type Settings = z.output<typeof settingsSchema>;

export const emptySettings: Settings = settingsSchema.parse({});

function checkUnique(items: readonly { id: string }[], list: string, context: z.RefinementCtx): void {
  const seen = new Set<string>();
  items.forEach(({ id }, index) => {
    if (seen.has(id)) issue(context, [list, index, 'id'], `the id "${id}" is used twice`);
    seen.add(id);
  });
}

function checkDestinations(destinations: Settings['destinations'], context: z.RefinementCtx): void {
  for (const [index, destination] of destinations.entries()) {
    const plugin = pluginOf(destination.plugin);
    if (!plugin) {
      issue(context, ['destinations', index, 'plugin'], `there is no plugin "${destination.plugin}"`);
      continue;
    }
    const result = plugin.settings.safeParse(destination.settings ?? {});
    if (result.success) destination.settings = result.data;
    else
      for (const fault of result.error.issues)
        issue(context, ['destinations', index, 'settings', ...fault.path], fault.message);
  }
}

function checkSchedules(settings: Settings, context: z.RefinementCtx): void {
  const sites = new Map(settings.sites.map((site) => [site.id, site]));
  const destinations = new Map(settings.destinations.map((destination) => [destination.id, destination]));
  settings.schedules.forEach((schedule, index) => {
    schedule.transfers.forEach((transfer, at) => {
      const path = ['schedules', index, 'transfers', at];
      const site = sites.get(transfer.site);
      if (!site) issue(context, [...path, 'site'], `there is no site "${transfer.site}"`);
      const destination = destinations.get(transfer.destination);
      if (!destination)
        issue(context, [...path, 'destination'], `there is no destination "${transfer.destination}"`);
      const takes = destination && pluginOf(destination.plugin)?.takes;
      for (const id of transfer.dataTypes) {
        const stream = streamOf(id);
        if (takes && stream.content === 'file' && !takes.files)
          issue(
            context,
            [...path, 'dataTypes'],
            `${stream.title} can only be saved to files, not to "${destination?.name}"`,
          );
        if (site?.product && !stream.products.includes(site.product))
          issue(context, [...path, 'dataTypes'], `${site.product} has no ${stream.title}`);
      }
    });
  });
}

/** A File Name Format has to tell the data types apart that go to the destination: else one replaces the other. */
function checkNames(settings: Settings, context: z.RefinementCtx): void {
  for (const [index, destination] of settings.destinations.entries()) {
    const plugin = pluginOf(destination.plugin);
    if (!plugin?.collisions || !plugin.settings.safeParse(destination.settings).success) continue;
    const going = settings.schedules
      .flatMap(({ transfers }) => transfers)
      .filter((transfer) => transfer.destination === destination.id)
      .flatMap(({ dataTypes }) => dataTypes);
    const streams = [...new Set(going)].map(streamOf);
    const samples = streams.map(({ sample }) => ({ values: { ...sample, SUPPORT_SITE_HOST: 'host' } }));
    for (const [one, other] of plugin.collisions(destination.settings, samples))
      issue(
        context,
        ['destinations', index, 'settings', 'fileNameFormat'],
        `gives ${streams[one]?.title} and ${streams[other]?.title} the same name; add %EXTENSION%, or send them to destinations of their own`,
      );
  }
}

function issue(context: z.RefinementCtx, path: PropertyKey[], message: string): void {
  context.addIssue({ code: 'custom', path: [...path], message });
}
