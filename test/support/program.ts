import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

export interface Ended {
  readonly code: number | null;
  /** Standard output: JSON for programs. */
  readonly out: string;
  /** Standard error: lines for people. */
  readonly says: string;
}

/** What `npm start -- ARGS` starts, without the time npm takes. */
export function startProgram(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'infra/local/start.ts', ...args],
    { cwd: root, env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let out = '';
  let says = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    says += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, says }));
  });
}

/** Lines for a person: short, no stack, no secret. */
export function isForPeople({ says, out }: Ended, secrets: readonly string[]): void {
  for (const line of says.trimEnd().split('\n')) {
    assert.ok(line.length < 500, line);
    assert.doesNotMatch(line, /^\s+at |node:internal|\.ts:\d+/, says);
  }
  for (const secret of secrets) assert.ok(!says.includes(secret) && !out.includes(secret), says);
}
