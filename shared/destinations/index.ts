import { filePlugin } from './file/file-plugin.ts';
import type { DestinationPlugin } from './plugin.ts';
import { sqlPlugin } from './sql/sql-plugin.ts';

/** Every kind of destination, one file each. */
export const plugins: readonly DestinationPlugin[] = [filePlugin, sqlPlugin];

export function pluginOf(id: string): DestinationPlugin | undefined {
  return plugins.find((plugin) => plugin.id === id);
}
