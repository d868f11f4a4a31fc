import { filePlugin } from './file/file-plugin.ts';
import type { DestinationPlugin } from './plugin.ts';
import { isPackaged, loadPackaged, packagedPlugin } from './plugin-registry.ts';
import { sqlPlugin } from './sql/sql-plugin.ts';

/** Every kind of destination that the house brings, one file each. */
export const plugins: readonly DestinationPlugin[] = [filePlugin, sqlPlugin];

/** One of the house, or one of a package that was loaded before: see `loadPlugins`. */
export function pluginOf(id: string): DestinationPlugin | undefined {
  return plugins.find((plugin) => plugin.id === id) ?? packagedPlugin(id);
}

/** The same, loading the package that brings it. */
export async function loadPlugin(id: string): Promise<DestinationPlugin | undefined> {
  if (!isPackaged(id)) return pluginOf(id);
  return loadPackaged(
    id,
    plugins.map((plugin) => plugin.id),
  );
}
