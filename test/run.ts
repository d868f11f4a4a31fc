/**
 * `npm test`, or `npm test -- FILE…`. Files that take long have a process of their own each, the longest first, so that
 * the processes end together; the others share a few, since a process loads what it tests for longer than many of them
 * run. What Node has made of a module once (without its types, compiled) is kept for all of them and their children,
 * and the packages of the product are loaded as bundles.
 */
import { existsSync, globSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';
import { packageBundles } from './setup/package-bundles.ts';

const root = join(import.meta.dirname, '..');
/** One more than the two cores it is made for: tests wait for servers and for processes of their own. */
const PROCESSES = 3;
/** Of the files that do not take long. */
const GROUPS = 9;
/** Some 5 s of processor time and more, the longest first. */
const long = [
  'kill-at-each-call',
  'simulated-week',
  'kill-at-random-moments',
  'simulated-year',
  'main-job-program',
  'main-job',
  'fault-recordings',
  'destination-file-overlap',
  'fault-reports',
  'reconciliation-alarms',
  'property-transfer',
  'fault-full-disk',
  'reconciliation-gaps',
  'fault-program',
  'stream-end-to-end',
  'fault-disk-program',
  'destination-file-crash',
  'simulated-appliance-streaming',
  'architecture',
].map((name) => `test/${name}.test.ts`);

/** A file system in memory: what a killed process leaves is the same there, and the many syncs cost nothing. */
const memory = '/dev/shm';

function hasRoomInMemory(): boolean {
  if (!existsSync(memory)) return false;
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize > 4 * 2 ** 30;
}

if (process.env.TMPDIR === undefined && hasRoomInMemory()) {
  const folder = mkdtempSync(join(memory, 'tests-'));
  process.env.TMPDIR = folder;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
}
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules/.cache/test-modules');
process.env.TEST_PACKAGE_BUNDLES = await packageBundles(root);
const preload = pathToFileURL(join(import.meta.dirname, 'setup/use-package-bundles.ts')).href;
process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --import ${preload}`;
const named = process.argv.slice(2);
const files = globSync(named.length > 0 ? named : 'test/**/*.test.ts', { cwd: root }).sort();
if (files.length === 0) throw new Error('no such test file');
const isLong = (file: string) => long.includes(file);
const processes =
  named.length > 0
    ? files.map((file) => join(root, file))
    : [
        ...long.filter((file) => files.includes(file)).map((file) => join(root, file)),
        ...groupsOf(
          files.filter((file) => !isLong(file)),
          GROUPS,
        ),
      ];
run({ cwd: root, files: processes, concurrency: PROCESSES, timeout: 900_000 })
  .on('test:fail', () => {
    process.exitCode = 1;
  })
  .compose(spec)
  .pipe(process.stdout);

/** Programs that load several test files, each as a suite of its own, one after the other. @returns their paths */
function groupsOf(members: readonly string[], count: number): string[] {
  const folder = join(root, 'node_modules/.cache/test-groups');
  mkdirSync(folder, { recursive: true });
  return Array.from({ length: count }, (_, group) => {
    const path = join(folder, `group-${group + 1}.mjs`);
    const suites = members
      .filter((_, at) => at % count === group)
      .map((file) => [file, pathToFileURL(join(root, file)).href]);
    writeFileSync(
      path,
      `import { describe } from 'node:test';\nfor (const [name, url] of ${JSON.stringify(suites)}) describe(name, () => import(url));\n`,
    );
    return path;
  });
}
