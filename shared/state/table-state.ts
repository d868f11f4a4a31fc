import { randomUUID } from 'node:crypto';
import { TableClient, type TableServiceClientOptions } from '@azure/data-tables';
import type { TokenCredential } from '@azure/identity';
import { Failure } from '../errors.ts';
import { azureFailure, azureStatus } from './azure-failure.ts';
import { type AzureLimits, limitTries, smallRequestLimits } from './azure-limits.ts';
import { checkBatch, checkCollection, checkPart, encodeValue, pageLimit } from './state-checks.ts';
import type { Collection, Entry, ListRange, Operation, Page, StateStore } from './state-store.ts';
import { StateConflict } from './state-store.ts';
import { enableBatches, submitBatch } from './table-batch.ts';
import { fromTableEntity, toTableEntity } from './table-entity.ts';

export type TableStateOptions = (
  | { readonly url: string; readonly credential: TokenCredential }
  | { readonly connectionString: string }
) & {
  /** Begins the name of each table: `icState` → `icStateWatermarks`. Letters and digits, a letter first. */
  readonly prefix: string;
  readonly client?: TableServiceClientOptions;
  /** Default: `smallRequestLimits`. */
  readonly limits?: AzureLimits;
};

/**
 * State in Azure Table storage: a table for each collection, made on its first use.
 *
 * @throws Failure `terminal`: `no-access`, `no-identity`, `storage-refused`; `transient`: `storage-busy`,
 *   `storage-unreachable`
 */
export function openTableState(options: TableStateOptions): StateStore {
  if (!/^[A-Za-z][A-Za-z0-9]{2,49}$/.test(options.prefix)) {
    throw new RangeError('A table prefix has 3 to 50 letters and digits, a letter first.');
  }
  return new TableState(options);
}

class TableState implements StateStore {
  readonly #options: TableStateOptions;
  readonly #tables = new Map<string, Promise<TableClient>>();

  constructor(options: TableStateOptions) {
    this.#options = options;
  }

  async get<T>(collection: Collection, partition: string, key: string): Promise<Entry<T> | undefined> {
    return this.#read(collection, partition, key);
  }

  async list<T>(collection: Collection, partition: string, range: ListRange = {}): Promise<Page<T>> {
    const table = await this.#table(collection, partition);
    const limit = pageLimit(range.limit);
    const clauses = [`PartitionKey eq '${partition}'`];
    if (range.from !== undefined && range.from !== '') clauses.push(`RowKey ge '${safeBound(range.from)}'`);
    if (range.before !== undefined) clauses.push(`RowKey lt '${safeBound(range.before)}'`);
    const entries: Entry<T>[] = [];
    const queryOptions = { filter: clauses.join(' and ') };
    return this.#guard(async () => {
      // The service may send short pages, so pages are read until there are enough rows.
      const pages = table.listEntities({ queryOptions }).byPage({ maxPageSize: limit });
      for await (const page of pages) {
        for (const entity of page) {
          const last = entries.at(-1);
          // `!` is the lowest character of a key: nothing lies between a key and the key with it appended.
          if (last !== undefined && entries.length === limit) return { entries, next: `${last.key}!` };
          entries.push({
            key: String(entity.rowKey),
            etag: String(entity.etag),
            value: fromTableEntity<T>(entity),
          });
        }
        const last = entries.at(-1);
        const more = (page as { continuationToken?: string }).continuationToken;
        if (last !== undefined && entries.length === limit)
          return more ? { entries, next: `${last.key}!` } : { entries };
      }
      return { entries };
    });
  }

  async insert<T>(collection: Collection, partition: string, key: string, value: T): Promise<string> {
    return this.#write(collection, partition, key, value, (table, entity) => table.createEntity(entity));
  }

  async update<T>(
    collection: Collection,
    partition: string,
    key: string,
    value: T,
    etag: string,
  ): Promise<string> {
    return this.#write(collection, partition, key, value, (table, entity) =>
      table.updateEntity(entity, 'Replace', { etag }),
    );
  }

  async put<T>(collection: Collection, partition: string, key: string, value: T): Promise<string> {
    return this.#write(collection, partition, key, value, (table, entity) =>
      table.upsertEntity(entity, 'Replace'),
    );
  }

  async remove(collection: Collection, partition: string, key: string, etag?: string): Promise<void> {
    checkPart('key', key);
    const table = await this.#table(collection, partition);
    try {
      await table.deleteEntity(partition, key, etag === undefined ? {} : { etag });
    } catch (error) {
      const { status } = azureStatus(error);
      if (status === 404 && etag === undefined) return;
      if (isConflict(error)) throw new StateConflict(`${collection}: ${key} was changed or removed`);
      throw this.#failure(error);
    }
  }

  async batch(collection: Collection, partition: string, operations: readonly Operation[]): Promise<void> {
    checkBatch(operations);
    const table = await this.#table(collection, partition);
    const write = randomUUID();
    let open = operations.map((operation, index) => ({ operation, index }));
    while (open.length > 0) {
      try {
        const left = open.map(({ operation }) => operation);
        await submitBatch(table, partition, left, write);
        return;
      } catch (error) {
        if (!isConflict(error)) throw this.#failure(error);
        const failed = open[failedIndex(error)] ?? open[0];
        if (failed === undefined) throw this.#failure(error);
        const { operation, index } = failed;
        if (operation.op === 'remove' && operation.etag === undefined && azureStatus(error).status === 404) {
          // Removing what is not there is fine, but the service gives up the whole transaction for it.
          open = open.filter((other) => other !== failed);
          continue;
        }
        if (await this.#landed(table, collection, partition, operations, write)) return;
        throw new StateConflict(`${collection}: ${operation.key} is not as expected`, index);
      }
    }
  }

  async close(): Promise<void> {
    this.#tables.clear();
  }

  async #write<T>(
    collection: Collection,
    partition: string,
    key: string,
    value: T,
    send: (table: TableClient, entity: ReturnType<typeof toTableEntity>) => Promise<{ etag?: string }>,
  ): Promise<string> {
    checkPart('key', key);
    const write = randomUUID();
    const entity = toTableEntity(partition, key, encodeValue(value), write);
    const table = await this.#table(collection, partition);
    try {
      const { etag } = await send(table, entity);
      if (etag === undefined) throw new Error('Table storage sent no ETag.');
      return etag;
    } catch (error) {
      if (!isConflict(error)) throw this.#failure(error);
      // The SDK sends again after a lost reply; then the conflict is with this very write.
      const found = await this.#readRow(table, partition, key);
      if (found?.write === write) return found.etag;
      throw new StateConflict(`${collection}: ${key} is not as expected`);
    }
  }

  /** Whether a batch that met a conflict had been done by its own first sending. */
  async #landed(
    table: TableClient,
    collection: string,
    partition: string,
    operations: readonly Operation[],
    write: string,
  ): Promise<boolean> {
    checkCollection(collection);
    const written = operations.find((operation) => operation.op !== 'remove');
    if (written === undefined) return false;
    return (await this.#readRow(table, partition, written.key))?.write === write;
  }

  async #read<T>(collection: Collection, partition: string, key: string): Promise<Entry<T> | undefined> {
    checkPart('key', key);
    const table = await this.#table(collection, partition);
    const row = await this.#readRow(table, partition, key);
    return row === undefined ? undefined : { key, etag: row.etag, value: fromTableEntity<T>(row.entity) };
  }

  async #readRow(table: TableClient, partition: string, key: string) {
    try {
      const entity: Record<string, unknown> & { etag?: string } = await table.getEntity(partition, key);
      return { entity, etag: String(entity.etag), write: entity.w };
    } catch (error) {
      if (azureStatus(error).status === 404) return undefined;
      throw this.#failure(error);
    }
  }

  #table(collection: Collection, partition: string): Promise<TableClient> {
    checkCollection(collection);
    checkPart('partition', partition);
    const known = this.#tables.get(collection);
    if (known !== undefined) return known;
    const opening = this.#open(collection).catch((error: unknown) => {
      this.#tables.delete(collection);
      throw this.#failure(error);
    });
    this.#tables.set(collection, opening);
    return opening;
  }

  async #open(collection: string): Promise<TableClient> {
    const options = this.#options;
    const name = options.prefix + collection.charAt(0).toUpperCase() + collection.slice(1);
    const table = openClient(options, name);
    table.pipeline.addPolicy(limitTries(options.limits ?? smallRequestLimits), { afterPhase: 'Sign' });
    await table.createTable();
    enableBatches(table);
    return table;
  }

  async #guard<R>(work: () => Promise<R>): Promise<R> {
    try {
      return await work();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): unknown {
    const where = 'url' in this.#options ? this.#options.url : 'of the connection string';
    return azureFailure(error, `table storage ${where}`);
  }
}

function openClient(options: TableStateOptions, name: string): TableClient {
  if (!('connectionString' in options)) {
    return new TableClient(options.url, name, options.credential, options.client ?? {});
  }
  try {
    return TableClient.fromConnectionString(options.connectionString, name, {
      // An emulator on loopback speaks plain HTTP.
      allowInsecureConnection: /(^|;)\s*TableEndpoint=http:/i.test(options.connectionString),
      ...options.client,
    });
  } catch {
    // The SDK's message may quote the text, which holds the account's key.
    throw new Failure(
      'terminal',
      'bad-connection-string',
      'The connection string of a storage account is malformed.',
    );
  }
}

/** A bound is compared, not stored, so it may be any text of key characters, however long. */
function safeBound(text: string): string {
  return text.replaceAll("'", "''");
}

function isConflict(error: unknown): boolean {
  const { status, code } = azureStatus(error);
  if (code === 'TableNotFound' || code === 'TableBeingDeleted') return false;
  return status === 409 || status === 412 || status === 404;
}

/** The service begins the message of a failed transaction with the index of the operation: `1:The specified …`. */
function failedIndex(error: unknown): number {
  const match = /^(\d+):/.exec(error instanceof Error ? error.message : '');
  return match ? Number(match[1]) : 0;
}
