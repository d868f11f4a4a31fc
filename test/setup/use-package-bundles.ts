/** Preloaded by every process of the tests (`--import`): what the project's own files import comes from bundles. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = process.env.TEST_PACKAGE_BUNDLES;
if (folder === undefined) throw new Error('TEST_PACKAGE_BUNDLES names no folder');
const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as Record<string, string>;
const urls = new Map(
  Object.entries(index).map(([name, file]) => [name, pathToFileURL(join(folder, file)).href]),
);

registerHooks({
  resolve(specifier, context, nextResolve) {
    const url = urls.get(specifier);
    return url === undefined || context.parentURL?.includes('/node_modules/')
      ? nextResolve(specifier, context)
      : { url, format: 'module', shortCircuit: true };
  },
});
