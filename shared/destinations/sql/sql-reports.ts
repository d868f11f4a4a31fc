import { createHash, type Hash } from 'node:crypto';
import { Failure } from '../../errors.ts';
import type { FileBegin, FileContent, FileItem, FileSink, FileWrite, StoredFile } from '../destination.ts';
import { type ReportRows, readReportRows, reportStreams, reportTables } from './report-rows.ts';
import { ownRef, type SqlDatabase } from './sql-database.ts';
import { SqlRefusal, utcNow } from './sql-values.ts';

const reports = ownRef('ic_report');
const header = ['item_key', 'size', 'sha256', 'verified', 'stored_at'] as const;

/** Buckets of reports that are no sessions, as rows: all rows of a bucket come with its row in `ic_report`, or none. */
export class SqlReportSink implements FileSink {
  readonly extension = 'guide';
  readonly #database: SqlDatabase;
  readonly #destination: string;

  constructor(database: SqlDatabase, destination: string) {
    this.#database = database;
    this.#destination = destination;
  }

  async find(key: string): Promise<StoredFile | undefined> {
    const [row] = await this.#database.read((reader) => reader.find(reports, header, 'item_key', [key]));
    if (row === undefined) return undefined;
    const [name, size, sha256, verified, storedAt] = row;
    return {
      name: String(name),
      size: Number(size),
      sha256: String(sha256),
      verified: String(verified) as StoredFile['verified'],
      storedAt: `${String(storedAt).replace(' ', 'T')}Z`,
    };
  }

  async begin(item: FileItem): Promise<FileBegin> {
    if (!reportStreams.includes(item.stream))
      throw new Failure(
        'terminal',
        'no-tables',
        `destination "${this.#destination}": a database takes no ${item.stream}; choose a file destination`,
      );
    // A second reading of a bucket takes the place of the first.
    const file = item.replaces === undefined ? await this.find(item.key) : undefined;
    if (file !== undefined) return { status: 'unchanged', file };
    return {
      status: 'write',
      write: new ReportWrite(item, (rows, content) => this.#store(item, rows, content)),
    };
  }

  async #store(item: FileItem, rows: ReportRows, content: FileContent): Promise<StoredFile> {
    const { origin, stream, replaces } = item;
    const key = replaces ?? item.key;
    const storedAt = utcNow();
    try {
      await this.#database.write(origin.host, async (transaction) => {
        const known = await transaction.find(reports, ['id'], 'item_key', [key]);
        const ids = known.map(([id]) => Number(id));
        for (const [table] of reportTables(stream))
          await transaction.removeWhere(ownRef(table), 'report_id', ids);
        await transaction.removeWhere(reports, 'id', ids);
        const columns = ['host_name', 'stream', ...header, 'site_id', 'appliance_id', 'api_version'];
        const { size, sha256, verified } = content;
        const facts = [key, size, sha256, verified, storedAt];
        const from = [origin.siteId, origin.applianceId ?? null, origin.apiVersion ?? null];
        const row = [origin.host, stream, ...facts, ...from];
        const [id] = await transaction.insertForIds(reports, columns, [row], ['item_key']);
        if (id === undefined) throw new Error('the report has no id');
        for (const [table, names] of reportTables(stream)) {
          const given = (rows.get(table) ?? []).map((values) => [id, ...values]);
          await transaction.insert(ownRef(table), ['report_id', ...names], given);
        }
      });
    } catch (error) {
      if (!(error instanceof SqlRefusal)) throw error;
      throw this.#rejected(item, error);
    }
    return { name: key, ...content, storedAt: `${storedAt.replace(' ', 'T')}Z` };
  }

  #rejected({ key }: FileItem, refusal: SqlRefusal): Failure {
    return new Failure(
      'item',
      'rejected',
      `destination "${this.#destination}": the database refuses the report ${key}: ${refusal.message}`,
      { cause: refusal },
    );
  }
}

/** One document on its way into rows; they are kept until it is whole. */
class ReportWrite implements FileWrite {
  readonly name: string;
  readonly #rows: Promise<ReportRows>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #hash: Hash = createHash('sha256');
  readonly #store: (rows: ReportRows, content: FileContent) => Promise<StoredFile>;
  #size = 0;
  #ended = false;

  constructor(item: FileItem, store: (rows: ReportRows, content: FileContent) => Promise<StoredFile>) {
    this.name = item.key;
    this.#store = store;
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    this.#writer = writable.getWriter();
    this.#rows = readReportRows(item.stream, readable);
    // Whoever writes or commits hears of it.
    this.#rows.catch(() => {});
    this.#writer.closed.catch(() => {});
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk);
    this.#size += chunk.byteLength;
    await this.#orFault(this.#writer.write(chunk));
  }

  async commit(content: FileContent): Promise<StoredFile> {
    if (this.#ended) throw new Error('the write has ended');
    this.#ended = true;
    await this.#orFault(this.#writer.close());
    const rows = await this.#rows;
    if (content.size !== this.#size || content.sha256 !== this.#hash.digest('hex'))
      throw new Failure('transient', 'content-mismatch', `${this.name}: not what was announced`);
    return this.#store(rows, content);
  }

  async abort(): Promise<void> {
    this.#ended = true;
    await Promise.allSettled([this.#writer.abort(new Error('given up')), this.#rows]);
  }

  /** A reader that stopped closes the way to it: what it met says more than that. */
  async #orFault(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      await this.#rows;
      throw error;
    }
  }
}
