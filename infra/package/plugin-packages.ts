import { cpSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { KEYWORD } from '../../shared/destinations/packaged-plugin.ts';

interface Manifest {
  readonly keywords?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * Destinations from packages are not in the bundle: settings name them and they are loaded when the program runs. So
 * those among the dependencies are copied, with all that they need, to `node_modules` beside the bundle.
 *
 * @returns their names
 */
export function copyPluginPackages(root: string, folder: string): readonly string[] {
  const { dependencies = {} } = manifestOf(root);
  const plugins = Object.keys(dependencies).filter((name) => {
    const home = findPackage(root, root, name);
    return home !== undefined && manifestOf(home).keywords?.includes(KEYWORD);
  });
  const waiting = plugins.map((name) => ({ from: root, name, optional: false }));
  const copied = new Set<string>();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { from, name, optional } = next;
    const home = findPackage(root, from, name);
    if (home === undefined) {
      if (optional) continue;
      throw new Error(`${name}, which ${relative(root, from) || 'package.json'} needs, is not installed.`);
    }
    if (copied.has(home)) continue;
    copied.add(home);
    cpSync(home, join(folder, relative(root, home)), { recursive: true, dereference: true });
    const needs = manifestOf(home);
    for (const one of Object.keys(needs.dependencies ?? {}))
      waiting.push({ from: home, name: one, optional: one in (needs.optionalDependencies ?? {}) });
    for (const one of Object.keys(needs.optionalDependencies ?? {}))
      waiting.push({ from: home, name: one, optional: true });
  }
  return plugins;
}

function manifestOf(home: string): Manifest {
  return JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Manifest;
}

/** As Node looks for it: in the `node_modules` beside whoever needs it, then further up, no higher than `root`. */
function findPackage(root: string, from: string, name: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const home = join(at, 'node_modules', name);
    if (existsSync(join(home, 'package.json'))) return home;
    if (at === root || at === dirname(at)) return undefined;
  }
}
