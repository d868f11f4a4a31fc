import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { unzipTo } from './zip.ts';

export interface LoadedFunctions {
  /** Processor time of loading, user and system. */
  readonly cpuMs: number;
  readonly functions: readonly { readonly name: string; readonly trigger: string }[];
  readonly health: number;
}

const program = fileURLToPath(new URL('./load-functions-program.ts', import.meta.url));

/** What the sources register, the measure of what is packed. */
export function loadSources(root: string): Promise<LoadedFunctions> {
  return load(root, 'functions/*.ts');
}

/**
 * Unpacks the zip where no `node_modules` is in reach and loads its functions in the local host, `times` times a
 * process each. `cpuMs` is the least of them: what is above it is the machine's other work.
 * @throws Error with one line when the API does not answer, or other functions are registered than the sources do.
 */
export async function checkPackage(
  zip: string,
  sources: LoadedFunctions,
  times: number,
): Promise<LoadedFunctions> {
  const app = mkdtempSync(join(tmpdir(), 'package-check-'));
  try {
    unzipTo(zip, app);
    const { main } = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8')) as { main: string };
    const runs: LoadedFunctions[] = [];
    for (let time = 0; time < times; time++) runs.push(await load(app, main));
    const [packed] = runs.sort((a, b) => a.cpuMs - b.cpuMs);
    if (packed === undefined) throw new RangeError('times must be at least 1');
    if (packed.health !== 200)
      throw new Error(`The packed API answers GET /api/health with ${packed.health}.`);
    const [there, wanted] = [packed, sources].map(({ functions }) =>
      functions.map(({ name }) => name).sort(),
    );
    if (String(there) !== String(wanted))
      throw new Error(`The zip registers the functions ${there}; the sources register ${wanted}.`);
    return packed;
  } finally {
    rmSync(app, { recursive: true, force: true });
  }
}

async function load(folder: string, glob: string): Promise<LoadedFunctions> {
  const data = mkdtempSync(join(tmpdir(), 'package-host-'));
  // Nothing that would bring it packages from elsewhere.
  const { NODE_PATH: _, NODE_OPTIONS: __, ...environment } = process.env;
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', program, folder, glob, data],
      {
        cwd: folder,
        env: { ...environment, DATA_STORAGE_CONNECTION_STRING: 'UseDevelopmentStorage=true' },
      },
    );
    return JSON.parse(stdout) as LoadedFunctions;
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}
