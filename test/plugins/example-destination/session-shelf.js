import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Sessions as JSON, one file each. */
export class SessionShelf {
  #folder;
  #last = Promise.resolve();

  constructor(folder) {
    this.#folder = folder;
  }

  /** One batch after the other: a batch compares with what is there before it writes. */
  store(origin, sessions) {
    const outcomes = this.#last.then(() => this.#storeAll(origin, sessions));
    this.#last = outcomes.catch(() => undefined);
    return outcomes;
  }

  async #storeAll(origin, sessions) {
    await mkdir(this.#folder, { recursive: true });
    const outcomes = [];
    for (const version of sessions) outcomes.push(await this.#storeOne(origin, version));
    return outcomes;
  }

  async #storeOne(origin, { session, hash, closed, readAt }) {
    const key = createHash('sha256').update(`${origin.host} ${session.lsid}`).digest('hex');
    const path = join(this.#folder, `${key}.json`);
    const before = await read(path);
    if (before?.hash === hash) return { status: 'unchanged' };
    if (before && (before.closed !== closed ? before.closed : before.readAt > readAt))
      return { status: 'older' };
    const next = `${path}.${randomUUID()}`;
    await writeFile(next, JSON.stringify({ origin, hash, closed, readAt, session }), { flush: true });
    await rename(next, path);
    return { status: before ? 'replaced' : 'stored' };
  }
}

async function read(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
