/** Preloaded by every process of the tests (`--import`): what the project's own files import comes from bundles. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const index = process.env.TEST_PACKAGE_BUNDLES;
if (index === undefined) throw new Error('TEST_PACKAGE_BUNDLES names no index of bundles');
const files = JSON.parse(readFileSync(index, 'utf8')) as Record<string, string>;
const urls = new Map(
  Object.entries(files).map(([name, file]) => [name, pathToFileURL(join(dirname(index), file)).href]),
);

registerHooks({
  resolve(specifier, context, nextResolve) {
    const url = urls.get(specifier);
    return url === undefined || context.parentURL?.includes('/node_modules/')
      ? nextResolve(specifier, context)
      : { url, format: 'module', shortCircuit: true };
  },
});
