import { Failure } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Evidence, Sealed, SealRequest } from '../evidence.ts';
import type { Catalog } from './catalog.ts';
import type { FileStore } from './file-store.ts';
import { sealManifests } from './manifest/seal.ts';
import { type Pruned, pruneBackups } from './retention/prune.ts';
import { verifyFiles } from './verify/verify.ts';

export interface FileEvidenceOptions {
  /** Destination Name. */
  readonly destination: string;
  readonly catalog: Catalog;
  readonly store: FileStore;
  readonly retentionCount: number | undefined;
  readonly linesPerManifest: number;
  now(): Date;
  readonly log: Log;
}

export function openEvidence(options: FileEvidenceOptions): Evidence {
  return {
    seal: (request) => seal(options, request),
    verify: (request) => verifyFiles(options.catalog, options.store, request),
  };
}

/** Tombstones come before the manifests, so that they stand in those of the same run. */
async function seal(options: FileEvidenceOptions, request: SealRequest): Promise<Sealed> {
  const { destination, catalog, store, linesPerManifest, now, log } = options;
  const { run } = request;
  const pruned = await prune(options, run);
  const sealed = await sealManifests({
    destination,
    catalog,
    store,
    run,
    maxLines: linesPerManifest,
    isOver: (other) => request.isOver(other),
    timeIsUp: () => request.timeIsUp(),
    note: async (events) => request.note?.(events),
    now,
    log,
  });
  const { manifests, lines, more } = sealed;
  return { manifests, lines, more, pruned: pruned.removed, alarms: [...pruned.alarms, ...sealed.alarms] };
}

/** What could not be removed now is removed after a later run; manifests are written all the same. */
async function prune(options: FileEvidenceOptions, run: string): Promise<Pruned> {
  const { retentionCount: keep } = options;
  if (keep === undefined) return { removed: 0, alarms: [] };
  try {
    return await pruneBackups({ ...options, keep, run });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { removed: 0, alarms: [`Retention Count: ${error.message}`] };
  }
}
