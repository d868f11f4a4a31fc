import { globSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';

export interface Bundle {
  /** Files that went in, relative to the project, with `/`. */
  readonly inputs: readonly string[];
  /** Those of them that are loaded as an instance starts; the others are imported when they are needed. */
  readonly atStart: readonly string[];
}

/**
 * Writes `dist/functions/*.js`, one for each file of functions/, and what they share beside it, into a folder. All
 * that they import is inside: loading a few large files takes a third of the processor time of loading a thousand small
 * ones, and the zip a tenth of the space. Names are kept and nothing is minified, so that stack traces can be read.
 */
export async function bundleFunctions(root: string, folder: string): Promise<Bundle> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: globSync('functions/*.ts', { cwd: root }).sort(),
    outdir: join(folder, 'dist'),
    outbase: '.',
    // Out of the reach of the glob in package.json, which names the modules that register functions.
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    keepNames: true,
    legalComments: 'none',
    metafile: true,
    // Azure's worker supplies it, by patching `require`: bundled CommonJS has to go through a real one.
    // `debug` takes supports-color if it is there; in production it is not.
    external: ['@azure/functions-core', 'supports-color'],
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    logLevel: 'silent',
  });
  return { inputs: Object.keys(metafile.inputs).sort(), atStart: loadedAtStart(metafile).sort() };
}

function loadedAtStart({ outputs }: Metafile): string[] {
  const open = Object.keys(outputs).filter((name) => outputs[name]?.entryPoint?.startsWith('functions/'));
  const seen = new Set<string>();
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const { path, kind, external } of outputs[name]?.imports ?? [])
      if (kind === 'import-statement' && !external) open.push(path);
  }
  return [...seen].flatMap((name) => Object.keys(outputs[name]?.inputs ?? {}));
}
