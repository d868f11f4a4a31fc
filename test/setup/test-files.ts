import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

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
].map((name) => join('test', `${name}.test.ts`));

/** Of the files that do not take long. */
const GROUPS = 9;

/**
 * What is to be run in a process each: files that take long, the longest first, so that the processes end together;
 * then groups of the others, since a process loads what it tests for longer than many of them run.
 * @param files all test files, relative to the root
 * @param folder for the programs of the groups
 * @returns the programs, and the files that are suites by their names in them
 */
export function testProcesses(root: string, files: readonly string[], folder: string) {
  const alone = long.filter((file) => files.includes(file));
  const grouped = files.filter((file) => !alone.includes(file));
  const processes = [...alone.map((file) => join(root, file)), ...groupPrograms(root, grouped, folder)];
  return { processes, grouped };
}

/**
 * One file after the other is loaded: tests and hooks belong to the suite that is being made, and while a module that
 * two files share is awaited, that is the suite of the one that came first.
 */
const LOADER = `import { describe } from 'node:test';
for (const [name, url] of files)
  await new Promise((loaded) => {
    describe(name, () => {
      const file = import(url);
      file.then(loaded, loaded);
      return file;
    });
  });
`;

/** Programs that load several files, each as a suite of its own, which run one after the other. */
function groupPrograms(root: string, files: readonly string[], folder: string): string[] {
  const groups = join(folder, 'groups');
  mkdirSync(groups);
  return Array.from({ length: GROUPS }, (_, group) => {
    const path = join(groups, `${group + 1}.mjs`);
    const suites = files
      .filter((_, at) => at % GROUPS === group)
      .map((file) => [file, pathToFileURL(join(root, file)).href]);
    writeFileSync(path, `const files = ${JSON.stringify(suites)};\n${LOADER}`);
    return path;
  });
}
