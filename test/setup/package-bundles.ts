/**
 * The packages of the product, each in one file, for the processes that tests start: a process that loads the whole
 * product reads some 1,050 files of packages otherwise, which takes half of the time of its start. Packages that
 * several of them use (`@azure/core-*`) are shared, so a class is one class. What is deployed is bundled alike. They are
 * made anew for another lock file: who changes a package in node_modules by hand removes node_modules/.cache.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Patched by the worker (and by the local host) where it is required: it has to stay as it is. */
const asTheyAre = ['@azure/functions'];
/** Not the product's, and in many tests. */
const ofTests = ['fast-check'];

/**
 * Makes the bundles, unless those are there that were made of these packages.
 * @returns a JSON file, the files of the bundles beside it: which stands for which package
 */
export async function packageBundles(root: string): Promise<string> {
  const cache = join(root, 'node_modules/.cache');
  const hash = createHash('sha256');
  for (const file of [join(root, 'package-lock.json'), import.meta.filename]) hash.update(readFileSync(file));
  const folder = join(cache, `test-packages-${hash.digest('hex').slice(0, 16)}`);
  const index = join(folder, 'index.json');
  if (existsSync(index)) return index;
  mkdirSync(cache, { recursive: true });
  const made = mkdtempSync(join(cache, 'making-'));
  try {
    await makeBundles(root, made);
    for (const old of globSync('test-packages-*', { cwd: cache }))
      if (join(cache, old) !== folder) rmSync(join(cache, old), { recursive: true });
    renameSync(made, folder);
  } catch (error) {
    rmSync(made, { recursive: true });
    // Another run of the tests may have made it in the meantime.
    if (!existsSync(index)) throw error;
  }
  return index;
}

async function makeBundles(root: string, folder: string): Promise<void> {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const names = [...Object.keys(dependencies).filter((name) => !asTheyAre.includes(name)), ...ofTests];
  const index: Record<string, string> = {};
  const entryPoints: Record<string, string> = {};
  for (const name of names) {
    const entry = name.replace(/[^\w-]/g, '_');
    index[name] = `${entry}.mjs`;
    entryPoints[entry] = join(folder, `${entry}.entry.mjs`);
    writeFileSync(join(folder, `${entry}.entry.mjs`), await reexport(name));
  }
  await build({
    entryPoints,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // As Node chooses files; by itself it would take those under the condition `module`.
    conditions: [],
    keepNames: true,
    external: [...asTheyAre, '@azure/functions-core', 'supports-color'],
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    logLevel: 'silent',
  });
  writeFileSync(join(folder, 'index.json'), JSON.stringify(index));
}

/** Everything the package exports: a CommonJS one as Node would show it to ES modules. */
async function reexport(name: string): Promise<string> {
  const exports = (await import(name)) as Record<string, unknown>;
  const byDefault = 'default' in exports;
  if (!('module.exports' in exports)) {
    return `export * from '${name}';${byDefault ? `export { default } from '${name}';` : ''}`;
  }
  const names = Object.keys(exports).filter((key) => key !== 'default' && /^[A-Za-z_$][\w$]*$/.test(key));
  const values = names.map((key) => `export const ${key} = all.${key};`);
  return [`import all from '${name}';`, 'export default all;', ...values].join('\n');
}
