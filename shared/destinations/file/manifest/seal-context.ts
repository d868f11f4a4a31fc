import type { Log } from '../../../log.ts';
import type { Catalog } from '../catalog.ts';
import type { FileStore } from '../file-store.ts';
import type { FileEvent } from '../journal.ts';

export interface SealContext {
  /** Destination Name. */
  readonly destination: string;
  readonly catalog: Catalog;
  readonly store: FileStore;
  readonly run: string;
  /** Lines that a manifest has at most. */
  readonly maxLines: number;
  isOver(run: string): Promise<boolean>;
  timeIsUp(): boolean;
  /** Before they are written. */
  note(events: readonly FileEvent[]): Promise<void>;
  now(): Date;
  readonly log: Log;
}
