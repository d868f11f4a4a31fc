import { z } from 'zod';
import { slug } from './names.ts';

/** A configured plugin. `settings` are the plugin's own and checked by its schema. */
export const destinationSchema = z
  .strictObject({
    id: slug,
    name: z.string().min(1).max(200).meta({ title: 'Destination Name' }),
    plugin: z.string().min(1).meta({
      title: 'Plugin',
      description: 'file, sql, or npm: and the name of a package that brings a plugin.',
    }),
    settings: z.unknown(),
  })
  .meta({ id: 'Destination' });

export type DestinationSetting = z.infer<typeof destinationSchema>;
