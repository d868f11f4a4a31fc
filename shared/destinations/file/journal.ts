import { randomUUID } from 'node:crypto';
import { type Operation, stateKey } from '../../state/state-store.ts';
import type { FileEvidence, FileItem } from '../destination.ts';
import type { CatalogItem, ReplacedFile } from './catalog.ts';
import { itemFacts } from './file-context.ts';

/**
 * One thing that has happened to a file. It is written to the catalog in the batch that makes it true, under the key
 * `id`, stays there until it stands in a manifest, and is a line of that manifest as it is here.
 */
export interface FileEvent {
  /** Key of its row in the catalog; names the event for ever. In the order of `at`. */
  readonly id: string;
  /**
   * - `stored`: a new file
   * - `replaced`: a new file in the place of `replaced`
   * - `pruned`: removed by Retention Count
   */
  readonly event: 'stored' | 'replaced' | 'pruned';
  /** ISO 8601, our clock; of two events of one file, or of a file and what replaced it, the later has the later time. */
  readonly at: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
  readonly verified: FileEvidence;
  /** ISO 8601, our clock. */
  readonly storedAt: string;
  /** Key of the item. */
  readonly item: string;
  /** Data type id. */
  readonly stream: string;
  readonly siteId: string;
  /** The recorded host name. */
  readonly host: string;
  readonly applianceId?: string;
  readonly apiVersion?: string;
  /** Id of the run that did it, or that found it done by a run that died. */
  readonly run?: string;
  readonly replaced?: ReplacedFile;
  /** Another item's file has taken its place before this was known: says nothing of what is under the name. */
  readonly overtakenBy?: string;
  /** `pruned`: why. */
  readonly why?: string;
  /** What a person should know of it. */
  readonly alarm?: string;
}

export const journalPrefix = 'journal|';
/** `|` ends the prefix and `~` comes after it. */
export const journalEnd = 'journal~';

export interface StoredEvent {
  readonly replaced?: ReplacedFile | undefined;
  readonly overtakenBy?: string;
  readonly alarm?: string | undefined;
}

/** That the row's file was stored, for the batch that says so in the row. */
export function storedEvent(item: FileItem, row: CatalogItem, more: StoredEvent = {}): Operation {
  const { name, size, sha256, verified, storedAt } = row;
  if (size === undefined || sha256 === undefined || verified === undefined || storedAt === undefined)
    throw new Error(`The catalog row of ${row.key} has no file.`);
  const { replaced, overtakenBy, alarm } = more;
  return journalInsert({
    event: replaced === undefined ? 'stored' : 'replaced',
    at: storedAt,
    name,
    size,
    sha256,
    verified,
    storedAt,
    ...aboutItem({ ...row, ...itemFacts(item) }),
    ...(item.run === undefined ? {} : { run: item.run }),
    ...(replaced === undefined ? {} : { replaced }),
    ...(overtakenBy === undefined ? {} : { overtakenBy }),
    ...(alarm === undefined ? {} : { alarm }),
  });
}

export function journalInsert(event: Omit<FileEvent, 'id'>): Operation {
  const key = stateKey('journal', event.at, randomUUID());
  return { op: 'insert', key, value: { id: key, ...event } satisfies FileEvent };
}

export function aboutItem(
  row: CatalogItem,
): Pick<FileEvent, 'item' | 'stream' | 'siteId' | 'host' | 'applianceId' | 'apiVersion'> {
  const { key, stream, siteId, host, applianceId, apiVersion } = row;
  return {
    item: key,
    stream,
    siteId,
    host,
    ...(applianceId === undefined ? {} : { applianceId }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
  };
}

/** Now, or just after what went before: clocks of several hosts may differ. */
export function timeAfter(now: Date, ...before: readonly (string | undefined)[]): Date {
  const last = Math.max(...before.map((at) => (at === undefined ? 0 : Date.parse(at) + 1)), 0);
  return new Date(Math.max(now.getTime(), last));
}
