import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { SimulatedAppliance } from '../appliance/simulated-appliance.ts';
import { startAppliance } from '../appliance/start-appliance.ts';
import { startAzurite } from '../support/azurite.ts';
import { AT_ONCE, type Errand, type Measured } from './recordings-errand.ts';

export const title = 'session recordings → folder and Blob, beside the same library without our layers';

const MB = 1_000_000;
const RECORDINGS = 20;
const BYTES = 50 * MB;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
/** What the product promises. */
const LEAST_RATIO = 0.8;
const MOST_MORE_MEMORY = 64;

export async function run(): Promise<void> {
  await using appliance = await startAppliance({
    product: 'RS',
    seed: 5,
    sessions: 3 * RECORDINGS,
    events: 1,
    from: 1_760_000_000,
    to: 1_760_100_000,
    recordingBytes: [BYTES, BYTES],
    oddities: 'plain',
  });
  const lsids = [...appliance.truth.sessions()]
    .filter(({ hasRecording }) => hasRecording)
    .map(({ session }) => session.lsid)
    .slice(0, RECORDINGS);
  if (lsids.length < RECORDINGS) throw new Error(`only ${lsids.length} recordings`);
  console.log(
    `${RECORDINGS} recordings of ${BYTES / MB} MB over TLS, ${AT_ONCE} at a time, SHA-256 on both sides, ` +
      `a process for each; median of ${ROUNDS} rounds, in which the two take turns`,
  );
  const build = mkdtempSync(join(tmpdir(), 'bench-recordings-build-'));
  try {
    const script = await compile(build);
    await compare('folder', { script, appliance, lsids });
    await compare('Blob (Azurite)', { script, appliance, lsids });
  } finally {
    rmSync(build, { recursive: true, force: true });
  }
}

interface Setting {
  readonly script: string;
  readonly appliance: SimulatedAppliance;
  readonly lsids: readonly string[];
}

/** As it is deployed: reading TypeScript takes memory of its own, the more the more files there are. */
async function compile(folder: string): Promise<string> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  const compilerOptions = { noEmit: false, noCheck: true, rootDir: root, outDir: join(folder, 'built') };
  const files = [join(root, 'test/bench/recordings-child.ts')];
  const config = { extends: join(root, 'tsconfig.json'), compilerOptions, files, include: [] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  await promisify(execFile)(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder]);
  return join(folder, 'built/test/bench/recordings-child.js');
}

/** They take turns, so that a busy stretch of the machine meets both: each round gives one ratio. */
async function compare(place: string, setting: Setting): Promise<void> {
  const rounds: Record<Errand['way'], Measured>[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const first = round % 2 === 0 ? 'plain' : 'ours';
    const second = first === 'plain' ? 'ours' : 'plain';
    const one = await measure(first, place, setting);
    const two = await measure(second, place, setting);
    rounds.push(first === 'plain' ? { plain: one, ours: two } : { plain: two, ours: one });
  }
  const of = (way: Errand['way'], figure: keyof Measured) =>
    median(rounds.map((round) => round[way][figure]));
  for (const way of ['plain', 'ours'] as const)
    console.log(
      `${`${place}, ${way}`.padEnd(24)}` +
        `${((RECORDINGS * BYTES) / MB / of(way, 'seconds')).toFixed(0).padStart(5)} MB/s  ` +
        `${of(way, 'cpuSeconds').toFixed(1)} s of processor  ` +
        `peak memory ${(of(way, 'peakBytes') / MB).toFixed(0)} MB, ${(of(way, 'startBytes') / MB).toFixed(0)} MB at the start`,
    );
  const ratios = rounds.map(({ ours, plain }) => plain.seconds / ours.seconds);
  const processor = median(rounds.map(({ ours, plain }) => plain.cpuSeconds / ours.cpuSeconds));
  const more = (of('ours', 'peakBytes') - of('plain', 'peakBytes')) / MB;
  const verdict = (met: boolean) => (met ? 'met' : 'NOT MET');
  console.log(
    `  speed, ours / plain = ${median(ratios).toFixed(2)} (${ratios.map((one) => one.toFixed(2)).join(' ')}; ` +
      `by processor time ${processor.toFixed(2)}), goal ${LEAST_RATIO}: ${verdict(median(ratios) >= LEAST_RATIO)}; ` +
      `memory ${more.toFixed(0)} MB more, goal at most ${MOST_MORE_MEMORY}: ${verdict(more <= MOST_MORE_MEMORY)}`,
  );
}

/** A fresh place and a fresh process each time: nothing is warm for one of them only, and peaks can be compared. */
async function measure(
  way: Errand['way'],
  place: string,
  { script, appliance, lsids }: Setting,
): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-recordings-'));
  const azurite = place === 'folder' ? undefined : await startAzurite();
  try {
    const { port, address, caPem, accounts } = appliance;
    const [account] = accounts;
    if (!account) throw new Error('the appliance has no account');
    const errand: Errand = {
      way,
      folder,
      appliance: { port, address, caPem, account: { id: account.id, secret: account.secret } },
      lsids,
      bytes: BYTES,
      ...(azurite === undefined ? {} : { connectionString: azurite.connectionString }),
    };
    const flags = ['--disable-warning=ExperimentalWarning'];
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...flags,
      script,
      JSON.stringify(errand),
    ]);
    return JSON.parse(stdout) as Measured;
  } finally {
    await azurite?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
