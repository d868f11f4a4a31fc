import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Packages as they would lie in the product's node_modules, in a folder of their own. */
export interface PluginPackages {
  /** A package with this text as its only module. */
  add(name: string, module: string, manifest?: object): void;
  /** The example of test/plugins. */
  addExample(): void;
  remove(): void;
}

export const keywords = ['integration-client-destination'];

/** Names that are added resolve there from now on; all others as ever. */
export function pluginPackages(): PluginPackages {
  const folder = mkdtempSync(join(tmpdir(), 'plugin-packages-'));
  const packages = join(folder, 'node_modules');
  mkdirSync(packages);
  const names = new Set<string>();
  const parentURL = pathToFileURL(join(folder, 'program.js')).href;
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, names.has(specifier) ? { ...context, parentURL } : context),
  });
  return {
    add(name, module, manifest = { keywords }) {
      const home = join(packages, name);
      mkdirSync(home, { recursive: true });
      const described = { name, version: '1.0.0', type: 'module', exports: './index.js', ...manifest };
      writeFileSync(join(home, 'package.json'), JSON.stringify(described));
      writeFileSync(join(home, 'index.js'), module);
      names.add(name);
    },
    addExample() {
      const example = fileURLToPath(new URL('../plugins/example-destination', import.meta.url));
      symlinkSync(example, join(packages, 'example-destination'));
      names.add('example-destination');
    },
    remove() {
      hooks.deregister();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
