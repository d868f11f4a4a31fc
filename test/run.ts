/**
 * `npm test`, or `npm test -- FILE…`. What Node has made of a module once (without its types, compiled) is kept for all
 * processes of the tests, the packages of the product are loaded as bundles, and storage is one Azurite.
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';
import { packageBundles } from './setup/package-bundles.ts';
import { makeRunFolder } from './setup/run-folder.ts';
import { testProcesses } from './setup/test-files.ts';
import { shareAzurite } from './support/azurite.ts';

const root = join(import.meta.dirname, '..');
/** One more than the two cores it is made for: tests wait for servers and for processes of their own. */
const PROCESSES = 3;

const named = process.argv.slice(2);
const files = globSync(named.length > 0 ? named : join('test', '**/*.test.ts'), { cwd: root }).sort();
if (files.length === 0) {
  console.error(
    `No test file is named ${named.join(' ')}: give paths, as in npm test -- test/settings-rules.test.ts`,
  );
  process.exit(1);
}

const folder = makeRunFolder();
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules/.cache/test-modules');
const azurite = named.length > 0 ? undefined : await shareAzurite(folder);
process.env.TEST_PACKAGE_BUNDLES = await packageBundles(root);
const preload = pathToFileURL(join(root, 'test/setup/use-package-bundles.ts')).href;
process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --import ${preload}`;

const { processes, grouped } = azurite
  ? testProcesses(root, files, folder)
  : { processes: files.map((file) => join(root, file)), grouped: [] };
const notSeen = new Set(grouped);
const tests = run({ cwd: root, files: processes, concurrency: PROCESSES, timeout: 900_000 })
  .on('test:pass', ({ name }) => void notSeen.delete(name))
  .on('test:fail', ({ name }) => {
    notSeen.delete(name);
    process.exitCode = 1;
  });
tests.compose(spec).pipe(process.stdout);
await finished(tests);
await azurite?.stop();
// A process that ends by itself in the midst of its files leaves the others out, without a word.
if (notSeen.size > 0) {
  console.error(`Not run to their end: ${[...notSeen].join(', ')}`);
  process.exitCode = 1;
}
