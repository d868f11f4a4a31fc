import { createHash } from 'node:crypto';
import { Failure } from '../../errors.ts';
import type { StoredFileChange, StoredFileSink } from '../destination.ts';
import { ownRef, type SqlDatabase } from './sql-database.ts';
import { SqlRefusal, type SqlValue } from './sql-values.ts';

const table = ownRef('ic_file');
const columns = [
  'host_name',
  'lsid',
  'stream',
  'destination_id',
  'item_hash',
  'name',
  'size',
  'sha256',
  'stored_at',
] as const;
const CHANGES_AT_ONCE = 500;
/** Data types whose items belong to a session, which their key begins with. */
const ofSessions = new Set([
  'session-data',
  'session-recording',
  'command-shell-recording',
  'show-my-screen-recording',
  'user-recording',
]);

/** Keeps in `ic_file` where the newest file of each item is, for the views. */
export class SqlStoredFiles implements StoredFileSink {
  readonly #database: SqlDatabase;
  readonly #destination: string;

  /** `destination`: Destination Name. */
  constructor(database: SqlDatabase, destination: string) {
    this.#database = database;
    this.#destination = destination;
  }

  async note(destinationId: string, changes: readonly StoredFileChange[]): Promise<void> {
    for (let at = 0; at < changes.length; at += CHANGES_AT_ONCE)
      await this.#noteSome(destinationId, changes.slice(at, at + CHANGES_AT_ONCE));
  }

  async #noteSome(destinationId: string, changes: readonly StoredFileChange[]): Promise<void> {
    const hashOf = (item: string) => createHash('sha256').update(`${destinationId}\0${item}`).digest('hex');
    const rows = new Map<string, readonly SqlValue[] | undefined>();
    for (const change of changes) {
      const { event, item, replaced } = change;
      if (replaced?.item !== undefined) rows.set(hashOf(replaced.item), undefined);
      const hash = hashOf(item);
      rows.set(hash, event === 'pruned' ? undefined : rowOf(destinationId, hash, change));
    }
    const [first] = changes;
    const stored = [...rows.values()].filter((row) => row !== undefined);
    try {
      await this.#database.write(first?.host ?? '', async (transaction) => {
        await transaction.removeWhere(table, 'item_hash', [...rows.keys()]);
        await transaction.insert(table, columns, stored);
      });
    } catch (error) {
      if (!(error instanceof SqlRefusal)) throw error;
      const line = `destination "${this.#destination}": the database refuses to note where files are: ${error.message}`;
      throw new Failure('terminal', 'database-refuses', line, { cause: error });
    }
  }
}

function rowOf(destinationId: string, hash: string, change: StoredFileChange): readonly SqlValue[] {
  const { host, stream, name, size, sha256, storedAt, item } = change;
  const at = storedAt.slice(0, 19).replace('T', ' ');
  const lsid = ofSessions.has(stream) ? lsidOf(item) : null;
  return [host, lsid, stream, destinationId, hash, name, size, sha256, at];
}

/** The key of an item is `host|data type|key of the item there`, each part encoded as `stateKey` does. */
function lsidOf(item: string): string | null {
  const [, , part] = item.split('|');
  if (part === undefined) return null;
  const key = part.replaceAll(/(?:\*[0-9a-f]{2})+/g, (hex) =>
    Buffer.from(hex.replaceAll('*', ''), 'hex').toString('utf8'),
  );
  return key.split('|', 1)[0] ?? null;
}
