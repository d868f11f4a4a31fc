import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { parentPort, Worker } from 'node:worker_threads';

/** What a story has of its test's context. */
export interface Teller {
  /** Stands in the report of the test. */
  diagnostic(line: string): void;
}

/**
 * Runs a module that tells its story on a thread of its own. The test runner follows every promise of its thread;
 * with the millions of a story that takes longer than the story. What is thrown there rejects here.
 */
export async function tellApart(context: TestContext, module: string): Promise<void> {
  const worker = new Worker(new URL(module, import.meta.url));
  worker.on('message', (line: string) => context.diagnostic(line));
  const [code] = await once(worker, 'exit');
  if (code !== 0) throw new Error(`the story ended with ${code}`);
}

/** On that thread. */
export const teller: Teller = { diagnostic: (line) => parentPort?.postMessage(line) };
