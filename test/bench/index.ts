/**
 * Measurements: `npm run bench` runs all sections, `npm run bench -- reader sql` those named. Every figure is for the
 * machine it ran on, printed first; compare ratios, not figures. A section is a file here that exports `run`.
 */
import { readdirSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

export interface BenchSection {
  readonly title: string;
  run(): Promise<void>;
}

const folder = fileURLToPath(new URL('.', import.meta.url));
const wanted = process.argv.slice(2);
// Files with a hyphen are parts of sections.
const names = readdirSync(folder)
  .filter((file) => /^[a-z0-9]+\.ts$/.test(file) && file !== 'index.ts')
  .map((file) => file.slice(0, -3));
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`No such section: ${unknown.join(', ')}. There are: ${names.join(', ')}.`);
  process.exit(2);
}

const [cpu] = cpus();
console.log(
  `machine: ${cpu?.model ?? 'unknown'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
);
console.log(`node:    ${process.version}\n`);
for (const name of names) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const section = (await import(`./${name}.ts`)) as BenchSection;
  console.log(`## ${name}: ${section.title}`);
  await section.run();
  console.log();
}
