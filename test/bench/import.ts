import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const title = 'session XML, sent in parts over the API → database (the whole product in one process)';

interface Measured {
  /** MB. */
  readonly peak: number;
  readonly megabytes: number;
  readonly sessions: number;
  /** Seconds. */
  readonly sending: number;
  readonly loading: number;
}

/**
 * A process of its own for each size: peak memory is never given back. Its heap is kept small and collected every two
 * seconds: where there is room, the engine lets garbage lie, and what is seen is its patience.
 */
export async function run(): Promise<void> {
  const script = fileURLToPath(new URL('./import-child.ts', import.meta.url));
  const measure = async (megabytes: number): Promise<Measured> => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      '--expose-gc',
      '--max-old-space-size=160',
      '--max-semi-space-size=8',
      script,
      String(megabytes),
    ]);
    return JSON.parse(stdout) as Measured;
  };
  const show = ({ megabytes, sessions, sending, loading, peak }: Measured) =>
    console.log(
      `${megabytes.toFixed(0).padStart(4)} MB, ${sessions} sessions: sent ${(megabytes / sending).toFixed(1)} MB/s, ` +
        `loaded ${(megabytes / loading).toFixed(1)} MB/s (${(sessions / loading).toFixed(0)} sessions/s), peak memory ${peak.toFixed(0)} MB`,
    );
  const small = await measure(5);
  show(small);
  // By then what is bounded is full: the databases' pages, and what the index of sessions remembers of the last 5,000.
  const middle = await measure(100);
  show(middle);
  const large = await measure(300);
  show(large);
  console.log(
    `memory for 300 MB over memory for 5 MB: ${(large.peak / small.peak).toFixed(2)}, over memory for 100 MB: ${(large.peak / middle.peak).toFixed(2)}`,
  );
}
