import { createHash, randomUUID } from 'node:crypto';
import { Failure } from '../../errors.ts';
import type { Entry, Operation } from '../../state/state-store.ts';
import { StateConflict } from '../../state/state-store.ts';
import type { FileContent, FileItem, FileWrite, StoredFile } from '../destination.ts';
import type { CatalogItem, CatalogName, PromisedFile } from './catalog.ts';
import { currentFile, nameRowKey, storedFile } from './catalog.ts';
import { type FileContext, itemFacts, whileConflicting } from './file-context.ts';
import type { FileAttempt } from './file-store.ts';
import { prepare, type Step } from './prepare.ts';
import type { OwnPut } from './settle.ts';
import { promisedRow, replacedRow, samePromise, storedRow } from './versions.ts';

/** Attempts of dead processes at the same item are removed when nothing was added for this long. */
export const idleMs = 3600 * 1000;

const maxTurns = 50;

/** One attempt at one item; see FileWrite. */
export class ItemWrite implements FileWrite {
  readonly name: string;
  readonly #context: FileContext;
  readonly #item: FileItem;
  readonly #itemId: string;
  readonly #attempt: FileAttempt;
  readonly #hash = createHash('sha256');
  #size = 0;
  #put: OwnPut | undefined;
  #ended = false;

  constructor(context: FileContext, item: FileItem, itemId: string, name: string, attempt: FileAttempt) {
    this.#context = context;
    this.#item = item;
    this.#itemId = itemId;
    this.name = name;
    this.#attempt = attempt;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#size += chunk.byteLength;
    this.#hash.update(chunk);
    await this.#attempt.write(chunk);
  }

  async commit(content: FileContent): Promise<StoredFile> {
    if (this.#ended) throw new Error('This write has ended.');
    this.#ended = true;
    try {
      const sha256 = this.#hash.digest('hex');
      if (content.size !== this.#size || content.sha256 !== sha256) {
        const told = `What reached "${this.#context.destination}" for ${this.name} is not what was read; it is fetched again.`;
        throw new Failure('transient', 'content-mismatch', told);
      }
      for (let turn = 0; turn < maxTurns; turn++) {
        const file = await whileConflicting(this.#context, this.#item, () => this.#turn(content));
        if (file !== undefined) return file;
      }
      throw this.#lost('kept being changed by others');
    } finally {
      await this.#attempt.discard();
      await this.#removeOrphan();
      // An item that never changes needs no other attempt any more; of one that does, another may be at work.
      if (this.#put !== undefined) {
        const idle = this.#item.version === undefined ? 0 : idleMs;
        await this.#context.store.sweep(idle, this.#itemId).catch((error: unknown) => {
          this.#context.log.warn('Leftovers of an item could not be removed', { reason: String(error) });
        });
      }
    }
  }

  async abort(): Promise<void> {
    this.#ended = true;
    await this.#attempt.discard();
  }

  /** One way from the row to the stored file; undefined when the store has changed and it has to be gone again. */
  async #turn(content: FileContent): Promise<StoredFile | undefined> {
    const { store, handling, catalog } = this.#context;
    const step = await prepare(this.#context, this.#item, this.#put);
    if (step.status !== 'write') return this.#finish(step);
    if (this.#put !== undefined) throw this.#lost('was removed right after it was written');
    // Looked at before the promise: then a later promise and its file make this attempt's `put` fail.
    const before = handling === 'Overwrite' ? await store.stat(step.name) : undefined;
    const promise = this.#promise(step.name, content);
    const entry = await this.#keepPromise(step.entry, promise);
    const about = { ...this.#item, size: content.size, sha256: content.sha256, verified: content.verified };
    const result = await this.#attempt.put(step.name, about, before);
    if (result.status === 'changed') return undefined;
    this.#put = { promise, tag: result.tag };
    const now = this.#context.now();
    const row = storedRow(entry.value, promise, result.tag, now, handling === 'Overwrite');
    const file = currentFile((await catalog.update(entry, row)).value);
    return file === undefined ? undefined : storedFile(file);
  }

  #finish(step: Exclude<Step, { status: 'write' }>): StoredFile {
    if (step.status !== 'skipped') return step.file;
    throw this.#lost('was taken by another file, and File Name Conflict Handling is Skip');
  }

  #lost(what: string): Failure {
    return new Failure('transient', 'write-lost', `${this.name} at "${this.#context.destination}" ${what}.`);
  }

  #promise(name: string, { size, sha256, verified }: FileContent): PromisedFile {
    const { version } = this.#item;
    const at = this.#context.now().toISOString();
    return { name, size, sha256, verified, at, ...(version === undefined ? {} : { version }) };
  }

  /** Puts size and hash into the reservation, and for Overwrite takes over the name in the same batch. */
  async #keepPromise(entry: Entry<CatalogItem>, promise: PromisedFile): Promise<Entry<CatalogItem>> {
    const { catalog } = this.#context;
    const owner = await catalog.name(promise.name);
    const mine = owner?.value.item === this.#item.key;
    // To create a file is safe whatever others did since the row was read; to replace one needs the row unchanged.
    const known = entry.value.promised?.some((other) => samePromise(other, promise));
    if (mine && known && this.#context.handling !== 'Overwrite') return entry;
    const value = { ...promisedRow(entry.value, promise), ...itemFacts(this.#item) };
    if (mine) return catalog.update(entry, value);
    if (owner !== undefined && this.#context.handling !== 'Overwrite')
      throw new StateConflict('the name is taken');
    const name: CatalogName = { name: promise.name, item: this.#item.key };
    const key = nameRowKey(promise.name);
    const operations: Operation[] = [{ op: 'update', key: entry.key, value, etag: entry.etag }];
    if (owner === undefined) operations.push({ op: 'insert', key, value: name });
    else {
      operations.push({ op: 'update', key, value: name, etag: owner.etag });
      const victim = await catalog.item(owner.value.item);
      if (victim !== undefined) {
        // Written even where nothing changes: an attempt of the other item that is at work must notice.
        const by = { key: this.#item.key, at: promise.at };
        const row = { ...replacedRow(victim.value, promise.name, by), touch: randomUUID() };
        operations.push({ op: 'update', key: victim.key, value: row, etag: victim.etag });
        this.#context.log.warn('A file is overwritten by that of another item', { name: promise.name });
      }
    }
    await catalog.batch(operations);
    const written = await catalog.item(this.#item.key);
    // A batch gives no ETags. One read now may be that of a later writer, whom this attempt must not outrun.
    if (written === undefined || written.value.touch !== value.touch) {
      throw new StateConflict('the row was changed again');
    }
    return written;
  }

  /** A file this attempt made under a name that the item has given up meanwhile belongs to nobody. */
  async #removeOrphan(): Promise<void> {
    if (this.#put === undefined) return;
    const { catalog, store, log } = this.#context;
    const { promise, tag } = this.#put;
    try {
      const row = (await catalog.item(this.#item.key))?.value;
      const names = [row?.name, row?.next, ...(row?.earlier ?? []).map(({ name }) => name)];
      if (names.includes(promise.name) || (await catalog.name(promise.name)) !== undefined) return;
      await store.remove(promise.name, tag);
    } catch (error) {
      log.warn('A file that belongs to no item could not be removed', {
        name: promise.name,
        reason: String(error),
      });
    }
  }
}
