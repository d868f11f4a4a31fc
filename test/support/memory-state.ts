import {
  checkBatch,
  checkCollection,
  checkPart,
  encodeValue,
  pageLimit,
} from '../../shared/state/state-checks.ts';
import {
  type Collection,
  type Entry,
  type ListRange,
  type Operation,
  type Page,
  StateConflict,
  type StateStore,
} from '../../shared/state/state-store.ts';

interface Row {
  readonly etag: string;
  readonly text: string;
}

/** One partition: rows by key, and the keys in order. */
class Partition {
  readonly rows = new Map<string, Row>();
  readonly keys: string[] = [];

  /** Index of the first key that is not before this one. */
  from(key: string): number {
    let [low, high] = [0, this.keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.keys[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  put(key: string, row: Row): void {
    if (!this.rows.has(key)) this.keys.splice(this.from(key), 0, key);
    this.rows.set(key, row);
  }

  remove(key: string): void {
    if (this.rows.delete(key)) this.keys.splice(this.from(key), 1);
  }
}

/** State in memory, under the port's contract: for simulations that make millions of calls. */
export class MemoryState implements StateStore {
  readonly #partitions = new Map<string, Partition>();
  #etags = 0;

  async get<T>(collection: Collection, partition: string, key: string): Promise<Entry<T> | undefined> {
    checkPart('key', key);
    const row = this.#partition(collection, partition).rows.get(key);
    return row && entryOf<T>(key, row);
  }

  async list<T>(collection: Collection, partition: string, range: ListRange = {}): Promise<Page<T>> {
    const place = this.#partition(collection, partition);
    const begin = place.from(range.from ?? '');
    const end = range.before === undefined ? place.keys.length : place.from(range.before);
    const limit = pageLimit(range.limit);
    const entries: Entry<T>[] = [];
    for (let index = begin; index < Math.min(end, begin + limit); index++) {
      const key = place.keys[index] ?? '';
      const row = place.rows.get(key);
      if (row) entries.push(entryOf<T>(key, row));
    }
    const next = begin + limit < end ? place.keys[begin + limit] : undefined;
    return next === undefined ? { entries } : { entries, next };
  }

  async insert<T>(collection: Collection, partition: string, key: string, value: T): Promise<string> {
    return this.#apply(collection, partition, { op: 'insert', key, value });
  }

  async update<T>(
    collection: Collection,
    partition: string,
    key: string,
    value: T,
    etag: string,
  ): Promise<string> {
    return this.#apply(collection, partition, { op: 'update', key, value, etag });
  }

  async put<T>(collection: Collection, partition: string, key: string, value: T): Promise<string> {
    return this.#apply(collection, partition, { op: 'put', key, value });
  }

  async remove(collection: Collection, partition: string, key: string, etag?: string): Promise<void> {
    this.#apply(collection, partition, { op: 'remove', key, ...(etag === undefined ? {} : { etag }) });
  }

  async batch(collection: Collection, partition: string, operations: readonly Operation[]): Promise<void> {
    checkBatch(operations);
    const { rows } = this.#partition(collection, partition);
    for (const [index, operation] of operations.entries()) this.#check(rows, operation, index);
    for (const operation of operations) this.#apply(collection, partition, operation);
  }

  async close(): Promise<void> {}

  #apply(collection: Collection, partition: string, operation: Operation): string {
    checkPart('key', operation.key);
    const place = this.#partition(collection, partition);
    const text = operation.op === 'remove' ? '' : encodeValue(operation.value);
    this.#check(place.rows, operation, 0);
    const etag = `e${++this.#etags}`;
    if (operation.op === 'remove') place.remove(operation.key);
    else place.put(operation.key, { etag, text });
    return etag;
  }

  #check(rows: ReadonlyMap<string, Row>, operation: Operation, index: number): void {
    const there = rows.get(operation.key);
    const wanted = 'etag' in operation ? operation.etag : undefined;
    if (operation.op === 'insert' && there) throw new StateConflict(`${operation.key} exists`, index);
    if (wanted !== undefined && there?.etag !== wanted)
      throw new StateConflict(`${operation.key} was changed or removed`, index);
  }

  #partition(collection: Collection, partition: string): Partition {
    checkCollection(collection);
    checkPart('partition', partition);
    const name = `${collection}/${partition}`;
    const known = this.#partitions.get(name);
    if (known) return known;
    const made = new Partition();
    this.#partitions.set(name, made);
    return made;
  }
}

function entryOf<T>(key: string, { etag, text }: Row): Entry<T> {
  return { key, etag, value: JSON.parse(text) as T };
}
