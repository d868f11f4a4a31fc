/**
 * `npm test`, or `npm test -- FILE…`: every test file in a process of its own. The longest go first, so that the
 * processes end together; and what Node has made of a module once (without its types, compiled) is kept for all of
 * them and their children.
 */
import { existsSync, globSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const root = join(import.meta.dirname, '..');
/** One more than the two cores it is made for: tests wait for servers and for processes of their own. */
const PROCESSES = 3;
const longest = ['simulated-week', 'kill-at-each-call', 'kill-at-random-moments', 'simulated-year'];

const rank = (file: string) => {
  const at = longest.findIndex((name) => file.endsWith(`${name}.test.ts`));
  return at < 0 ? longest.length : at;
};

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
const named = process.argv.slice(2);
const files = globSync(named.length > 0 ? named : 'test/**/*.test.ts', { cwd: root }).sort(
  (a, b) => rank(a) - rank(b) || (a < b ? -1 : 1),
);
if (files.length === 0) throw new Error('no such test file');
run({ cwd: root, files: files.map((file) => join(root, file)), concurrency: PROCESSES, timeout: 900_000 })
  .on('test:fail', () => {
    process.exitCode = 1;
  })
  .compose(spec)
  .pipe(process.stdout);
