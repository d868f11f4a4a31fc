import { z } from 'zod';
import { Failure, reportFailure } from '../errors.ts';
import { guardPlugin } from './guarded-plugin.ts';
import { loadPackage } from './load-package.ts';
import type { DestinationPlugin } from './plugin.ts';

const PREFIX = 'npm:';
/** Of this process: a package that was loaded stays so until it ends. */
const loaded = new Map<string, DestinationPlugin>();
const loading = new Map<string, Promise<DestinationPlugin>>();

/** A plugin that a package brings, by the id under which settings name it: `npm:PACKAGE`. */
export function isPackaged(id: string): boolean {
  return id.startsWith(PREFIX);
}

/** Undefined until it was loaded. */
export function packagedPlugin(id: string): DestinationPlugin | undefined {
  return loaded.get(id);
}

/**
 * Loads it once. Never rejects: a package that cannot be used comes back as a plugin with a `problem`, which takes any
 * settings and opens nothing, so that it harms its own destinations alone.
 */
export function loadPackaged(id: string, taken: readonly string[]): Promise<DestinationPlugin> {
  const known = loaded.get(id);
  if (known) return Promise.resolve(known);
  const under = loading.get(id) ?? load(id, taken).finally(() => loading.delete(id));
  loading.set(id, under);
  return under;
}

async function load(id: string, taken: readonly string[]): Promise<DestinationPlugin> {
  const name = id.slice(PREFIX.length);
  let plugin: DestinationPlugin;
  try {
    plugin = guardPlugin(await loadPackage(name, taken), id, name);
  } catch (error) {
    plugin = unusable(id, reportFailure(error).message);
  }
  loaded.set(id, plugin);
  return plugin;
}

function unusable(id: string, problem: string): DestinationPlugin {
  return {
    id,
    title: id,
    problem,
    settings: z.unknown(),
    // Whether it could take something is not known: each transfer to it fails by itself, with the problem.
    takes: { sessions: true, files: true },
    place: () => undefined,
    async open({ name }) {
      throw new Failure('terminal', 'plugin-unusable', `Destination "${name}": ${problem}`);
    },
  };
}
