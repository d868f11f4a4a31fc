import { createHash } from 'node:crypto';
import { Failure } from '../../errors.ts';
import type { Entry } from '../../state/state-store.ts';
import { StateConflict } from '../../state/state-store.ts';
import type { FileContent, FileItem, FileWrite, StoredFile } from '../destination.ts';
import type { CatalogItem, PromisedFile } from './catalog.ts';
import { currentFile, storedFile } from './catalog.ts';
import { type FileContext, itemFacts, whileConflicting } from './file-context.ts';
import type { FileAttempt, FileStat } from './file-store.ts';
import { immutableAlarm, isImmutable, withHandling } from './immutable.ts';
import { storing } from './mark-stored.ts';
import { prepare, type Step } from './prepare.ts';
import type { OwnPut } from './settle.ts';
import { giveBackName, takeName } from './takeover.ts';
import { promisedRow, samePromise } from './versions.ts';

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
  #sha256: string | undefined;
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
    try {
      await this.#attempt.write(chunk);
    } catch (error) {
      // The name it was to get is taken for good: the next attempt knows and takes another.
      if (isImmutable(error)) this.#context.immutable.seen = true;
      throw error;
    }
  }

  digest(): string {
    this.#sha256 ??= this.#hash.digest('hex');
    return this.#sha256;
  }

  async commit(content: FileContent): Promise<StoredFile> {
    if (this.#ended) throw new Error('This write has ended.');
    this.#ended = true;
    try {
      const sha256 = this.digest();
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
    const context = await withHandling(this.#context);
    const { store, handling, catalog } = context;
    const step = await prepare(context, this.#item, this.#put);
    if (step.status !== 'write') return this.#finish(step);
    if (this.#put !== undefined) throw this.#lost('was removed right after it was written');
    // Looked at before the promise: then a later promise and its file make this attempt's `put` fail.
    const before = handling === 'Overwrite' ? await store.stat(step.name) : undefined;
    const promised = this.#promise(context, step.name, content, before);
    const { entry, promise } = await this.#keepPromise(context, step.entry, promised);
    const { size, sha256, verified } = content;
    const about = { ...this.#item, size, sha256, verified };
    try {
      const result = await this.#attempt.put(step.name, about, before);
      if (result.status === 'changed') return undefined;
      this.#put = { promise, tag: result.tag };
      const stored = storing(context, this.#item, entry.value, promise, result.tag);
      await catalog.batch([
        { op: 'update', key: entry.key, value: stored.row, etag: entry.etag },
        ...stored.also,
      ]);
      const file = currentFile(stored.row);
      return file === undefined ? undefined : storedFile(file);
    } catch (error) {
      if (handling !== 'Overwrite' || !isImmutable(error)) throw error;
      this.#context.immutable.seen = true;
      await giveBackName(context, entry, promise);
      return undefined;
    }
  }

  #finish(step: Exclude<Step, { status: 'write' }>): StoredFile {
    if (step.status !== 'skipped') return step.file;
    throw this.#lost('was taken by another file, and File Name Conflict Handling is Skip');
  }

  #lost(what: string): Failure {
    return new Failure('transient', 'write-lost', `${this.name} at "${this.#context.destination}" ${what}.`);
  }

  #promise(
    context: FileContext,
    name: string,
    { size, sha256, verified }: FileContent,
    before: FileStat | undefined,
  ): PromisedFile {
    const { version } = this.#item;
    const alarm = immutableAlarm(context, this.#item, name);
    return {
      name,
      size,
      sha256,
      verified,
      at: this.#context.now().toISOString(),
      ...(version === undefined ? {} : { version }),
      ...(before === undefined
        ? {}
        : {
            replaces: {
              size: before.size,
              ...(before.sha256 === undefined ? {} : { sha256: before.sha256 }),
            },
          }),
      ...(alarm === undefined ? {} : { alarm }),
    };
  }

  /** Puts size and hash into the reservation, and for Overwrite takes over the name in the same batch. */
  async #keepPromise(
    context: FileContext,
    entry: Entry<CatalogItem>,
    promised: PromisedFile,
  ): Promise<{ readonly entry: Entry<CatalogItem>; readonly promise: PromisedFile }> {
    const { catalog, handling } = context;
    const owner = await catalog.name(promised.name);
    const mine = owner?.value.item === this.#item.key;
    const known = entry.value.promised?.find((other) => samePromise(other, promised));
    // To create a file is safe whatever others did since the row was read; to replace one needs the row unchanged.
    if (mine && known !== undefined && handling !== 'Overwrite') return { entry, promise: promised };
    if (owner !== undefined && !mine && handling !== 'Overwrite')
      throw new StateConflict('the name is taken');
    const taken = mine ? undefined : await takeName(context, this.#item, owner, promised);
    const promise = inPlaceOf(entry.value, taken?.promise ?? promised);
    const value = { ...promisedRow(entry.value, promise), ...itemFacts(this.#item) };
    if (taken === undefined) return { entry: await catalog.update(entry, value), promise };
    await catalog.batch([{ op: 'update', key: entry.key, value, etag: entry.etag }, ...taken.operations]);
    const written = await catalog.item(this.#item.key);
    // A batch gives no ETags. One read now may be that of a later writer, whom this attempt must not outrun.
    if (written === undefined || written.value.touch !== value.touch) {
      throw new StateConflict('the row was changed again');
    }
    return { entry: written, promise };
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

/** What the file takes the place of, which the row knows better than the store: a file of its own, or of the item it took the name from. */
function inPlaceOf(row: CatalogItem, promise: PromisedFile): PromisedFile {
  if (promise.replaces?.item !== undefined) return promise;
  const known = row.promised?.find(
    ({ name, replaces }) => name === promise.name && replaces?.item !== undefined,
  );
  if (known?.replaces !== undefined) return { ...promise, replaces: known.replaces };
  const { replaces: _, ...own } = promise;
  const isOwn = row.state === 'stored' && row.name === promise.name;
  return isOwn ? own : promise;
}
