import { readFileSync } from 'node:fs';
import { findPackageJSON, isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Failure } from '../errors.ts';
import { firstLine, within } from './guard.ts';
import { isRecord, KEYWORD, type PackagedPlugin, shapeFault } from './packaged-plugin.ts';

const NAME = /^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/;
const LOAD_MS = 20_000;

/**
 * Loads the plugin of a package that is a dependency of this program (its node_modules). Throws `Failure`
 * `plugin-unusable`, one line that names the package.
 *
 * @param taken ids that a plugin may not have
 */
export async function loadPackage(
  name: string,
  taken: readonly string[],
  loadMs = LOAD_MS,
): Promise<PackagedPlugin> {
  const unusable = (why: string, cause?: unknown) =>
    new Failure('terminal', 'plugin-unusable', `The destination package "${name}" cannot be used: ${why}.`, {
      cause,
    });
  if (!NAME.test(name) || name.length > 214 || isBuiltin(name))
    throw unusable('that is no name of a package');
  const entry = resolve(name);
  if (entry === undefined)
    throw unusable('it is not installed; add it to the dependencies of this program, then start it again');
  // Looked at before anything of it runs: any package that is installed could be named in the settings.
  if (!keywordsOf(name, entry).includes(KEYWORD))
    throw unusable(`it is no destination (its package.json has not the keyword "${KEYWORD}")`);
  let module: unknown;
  try {
    module = await within(loadMs, 'loading it', () => import(entry));
  } catch (error) {
    throw unusable(`loading it failed: ${firstLine(error)}`, error);
  }
  const exported = exportOf(module);
  const fault = shapeFault(exported, taken);
  if (fault !== undefined) throw unusable(fault);
  return exported as PackagedPlugin;
}

function resolve(name: string): string | undefined {
  try {
    return import.meta.resolve(name);
  } catch {
    return undefined;
  }
}

/** Of the package itself: a folder inside it may have a package.json that says no more than its kind of modules. */
function keywordsOf(name: string, entry: string): unknown[] {
  for (let from: string | undefined = entry; from !== undefined; ) {
    const path: string | undefined = findPackageJSON(from);
    if (path === undefined) return [];
    const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (isRecord(manifest) && manifest.name === name)
      return Array.isArray(manifest.keywords) ? manifest.keywords : [];
    const above = dirname(dirname(path));
    from = above === dirname(path) ? undefined : pathToFileURL(join(above, 'package.json')).href;
  }
  return [];
}

/** A package of CommonJS modules comes as a default export. */
function exportOf(module: unknown): unknown {
  if (!isRecord(module)) return undefined;
  if (module.plugin !== undefined) return module.plugin;
  const { default: given } = module;
  return isRecord(given) && given.plugin !== undefined ? given.plugin : given;
}
