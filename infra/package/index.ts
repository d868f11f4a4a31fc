/** `npm run package [-- --check] [--out DIR]`: the zip that is deployed. Exit code 0, or 1 with one line that says why. */
import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkPackage, loadSources } from './check.ts';
import { stagePackage } from './stage.ts';
import { zipFolder } from './zip.ts';

const MEGABYTE = 1_000_000;
const SIZE_BUDGET = 15 * MEGABYTE;
const CPU_BUDGET_MS = 500;

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { check: { type: 'boolean', default: false }, out: { type: 'string', default: 'out' } },
  });
  const out = resolve(root, values.out);
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
  };
  const app = join(out, 'app');
  const zip = join(out, `${name}-${version}.zip`);
  const { packages, atStart } = await stagePackage(root, app);
  const size = zipFolder(app, zip);
  console.log(
    `${relative(process.cwd(), zip)}: ${(size / MEGABYTE).toFixed(2)} MB (budget ${SIZE_BUDGET / MEGABYTE} MB), with code of ${packages.length} packages, ${atStart.length} of them loaded at start`,
  );
  const over: string[] = [];
  if (size > SIZE_BUDGET) over.push('size');
  if (values.check) {
    const { cpuMs, functions } = await checkPackage(zip, await loadSources(root), 3);
    console.log(
      `Unpacked by itself it registers ${functions.length} functions: ${functions.map((one) => one.name).join(', ')}`,
    );
    console.log(`Loading them takes ${Math.round(cpuMs)} ms of processor time (budget ${CPU_BUDGET_MS} ms)`);
    if (cpuMs > CPU_BUDGET_MS) over.push('processor time of loading');
  }
  if (over.length > 0) throw new Error(`Over budget: ${over.join(', ')}.`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
