import { createHash, randomUUID } from 'node:crypto';
import { Failure } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { StateStore } from '../../state/state-store.ts';
import type {
  Destination,
  FileBegin,
  FileItem,
  FileSink,
  ItemStatus,
  StoredContents,
  StoredFile,
} from '../destination.ts';
import type { Evidence } from '../evidence.ts';
import { currentFile, openCatalog, storedFile } from './catalog.ts';
import type { ConflictHandling } from './conflict.ts';
import { type FileContext, whileConflicting } from './file-context.ts';
import { openEvidence } from './file-evidence.ts';
import {
  defaultFileNameFormat,
  defaultInstanceFormat,
  parseFileNameFormat,
  renderFileName,
} from './file-name.ts';
import type { FileStore } from './file-store.ts';
import { ItemWrite, idleMs } from './file-write.ts';
import { withHandling } from './immutable.ts';
import { namedStore } from './named-store.ts';
import { prepare } from './prepare.ts';
import { storedContents } from './stored-contents.ts';

export interface FileDestinationOptions {
  readonly id: string;
  /** Destination Name. */
  readonly name: string;
  readonly settings: FileNamingSettings;
  readonly state: StateStore;
  readonly store: FileStore;
  readonly log: Log;
  readonly now?: () => Date;
  /** Default 10,000. */
  readonly linesPerManifest?: number;
}

export interface FileNamingSettings {
  /** Absent: the guide's default, with `.%INSTANCE%` for files that have one. */
  readonly fileNameFormat?: string | undefined;
  readonly conflictHandling: ConflictHandling;
  readonly extension: 'guide' | 'as-served';
  /** How many backups of a site are kept besides the newest; absent: all. */
  readonly retentionCount?: number | undefined;
}

/** What any attempt left that nobody has touched for a day is removed when a process first writes. */
const leftoverMs = 24 * 3600 * 1000;

/**
 * A destination that keeps items as files.
 *
 * Each write goes: name reserved in the catalog → bytes to a place that is not visible → size and hash into the
 * reservation → file made visible, whole, only if nothing else has taken its name → marked as stored. After a crash
 * between any two of these the next attempt finds the reservation, compares it with what is in the store, and goes on.
 *
 * @throws Failure `terminal`, `file-name-format`
 */
export function openFileDestination(options: FileDestinationOptions): Destination {
  return new FileDestination(options);
}

class FileDestination implements Destination {
  readonly id: string;
  readonly name: string;
  readonly files: FileSink;
  readonly contents: StoredContents;
  readonly evidence: Evidence;
  readonly #context: FileContext;
  #swept = false;

  constructor(options: FileDestinationOptions) {
    const { id, name, settings, state, store, log } = options;
    this.id = id;
    this.name = name;
    this.#context = {
      destination: name,
      catalog: openCatalog(state, id),
      store: namedStore(store, name),
      handling: settings.conflictHandling,
      immutable: { seen: false },
      render: fileNamer(settings.fileNameFormat),
      now: options.now ?? (() => new Date()),
      log,
    };
    this.files = {
      extension: settings.extension,
      find: (key) => this.#find(key),
      statusOf: (key) => this.#statusOf(key),
      begin: (item) => this.#begin(item),
    };
    this.contents = storedContents(this.#context.store);
    this.evidence = openEvidence({
      destination: name,
      catalog: this.#context.catalog,
      store: this.#context.store,
      retentionCount: settings.retentionCount,
      linesPerManifest: options.linesPerManifest ?? 10_000,
      now: this.#context.now,
      log,
    });
  }

  async check(): Promise<void> {
    const { store, log } = this.#context;
    const name = `connection-test-${randomUUID()}.txt`;
    const bytes = Buffer.from(`Written and removed by the connection test of "${this.name}".\n`);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const attempt = await store.begin({ item: itemIdOf(name), name, contentType: 'text/plain' });
    try {
      await attempt.write(bytes);
      const origin = { siteId: 'connection-test', host: 'connection-test' };
      const about = { key: name, stream: 'connection-test', origin, size: bytes.byteLength, sha256 };
      const result = await attempt.put(name, { ...about, verified: 'length' }, undefined);
      const read: Uint8Array[] = [];
      for await (const chunk of store.read(name)) read.push(chunk);
      if (result.status !== 'put' || !Buffer.concat(read).equals(bytes)) {
        const told = `What was written to ${store.where} of "${this.name}" could not be read back as it was.`;
        throw new Failure('terminal', 'not-as-written', told);
      }
      await store.remove(name, result.tag);
    } catch (error) {
      // Storage that lets nothing be removed is a choice, not a fault.
      if (!(error instanceof Failure) || error.code !== 'immutable') throw error;
      log.warn('The connection test left a file: storage is immutable', { name });
    } finally {
      await attempt.discard();
    }
  }

  async close(): Promise<void> {
    await this.#context.store.close();
  }

  async #find(key: string): Promise<StoredFile | undefined> {
    const row = (await this.#context.catalog.item(key))?.value;
    const file = row?.state === 'stored' ? currentFile(row) : undefined;
    return file === undefined ? undefined : storedFile(file);
  }

  async #statusOf(key: string): Promise<ItemStatus | undefined> {
    const row = (await this.#context.catalog.item(key))?.value;
    switch (row?.state) {
      case 'stored':
        return row.version?.closed === false ? 'not-final' : 'stored';
      case 'skipped':
      case 'replaced':
      case 'pruned':
        return 'settled';
      default:
        return undefined;
    }
  }

  async #begin(item: FileItem): Promise<FileBegin> {
    const context = this.#context;
    const step = await whileConflicting(context, item, async () =>
      prepare(await withHandling(context), item),
    );
    if (step.status === 'skipped') return { status: 'skipped', name: step.name };
    if (step.status !== 'write') return { status: step.status, file: step.file };
    const id = itemIdOf(item.key);
    if (!this.#swept) {
      this.#swept = true;
      await context.store.sweep(leftoverMs);
    }
    await context.store.sweep(idleMs, id);
    const { contentType } = item;
    const attempt = await context.store.begin({
      item: id,
      name: step.name,
      ...(contentType === undefined ? {} : { contentType }),
    });
    return { status: 'write', write: new ItemWrite(context, item, id, step.name, attempt) };
  }
}

/** The format of the settings; where they have none the data type's own, else the guide's. */
function fileNamer(set: string | undefined): (item: FileItem) => string {
  const chosen = set === undefined ? undefined : parseFileNameFormat(set);
  return ({ values, defaultFormat }) => {
    const instance = (values.INSTANCE ?? '') === '' ? defaultFileNameFormat : defaultInstanceFormat;
    return renderFileName(chosen ?? parseFileNameFormat(defaultFormat ?? instance), values);
  };
}

function itemIdOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 32);
}
