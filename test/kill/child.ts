import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Answer, Job } from './host.ts';

/** A child process that runs installations. */
export class Child {
  readonly #process: ChildProcess;
  readonly #ready: Promise<unknown>;
  readonly #ended: Promise<NodeJS.Signals | null>;

  constructor() {
    this.#process = fork(join(import.meta.dirname, 'host.ts'), {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#ended = new Promise((resolve) => this.#process.once('exit', (_, signal) => resolve(signal)));
    this.#ready = once(this.#process, 'message');
  }

  /** @returns `killed` when the process died of SIGKILL over it */
  async run(job: Job, killAfterMs?: number): Promise<Answer | 'killed'> {
    await this.#ready;
    const answered = once(this.#process, 'message').then(([message]) => message as Answer);
    this.#process.send(job);
    const timer =
      killAfterMs === undefined ? undefined : setTimeout(() => this.#process.kill('SIGKILL'), killAfterMs);
    const end = await Promise.race([answered, this.#ended]);
    clearTimeout(timer);
    if (end === 'SIGKILL') return 'killed';
    if (end === null || typeof end === 'string')
      throw new Error(`the child process ended by itself (${end})`);
    return end;
  }

  async close(): Promise<void> {
    await Promise.race([this.#ready, this.#ended]);
    if (this.#process.connected) this.#process.disconnect();
    await this.#ended;
  }
}
