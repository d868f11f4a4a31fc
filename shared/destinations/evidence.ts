import type { StoredFileChange } from './destination.ts';

/** What a destination that keeps files can prove of them (SHA-256, manifests that are chained, tombstones). */
export interface Evidence {
  /**
   * To be called when a run has stored something here and before it ends: Retention Count removes what it does not
   * keep, and what has happened to files is written into a manifest. May be called twice, also at the same time; what
   * a run that died has left is taken along.
   */
  seal(request: SealRequest): Promise<Sealed>;
  /** Reads every file and every manifest again and names what is not as it was stored. In constant memory. */
  verify(request: VerifyRequest): Promise<Verified>;
}

export interface SealRequest {
  /** Id of the run. */
  readonly run: string;
  /** Whether another run has ended: what it left is taken along then. */
  isOver(run: string): Promise<boolean>;
  /** Begin nothing new. */
  timeIsUp(): boolean;
  /** Is told what is about to be written into a manifest; the same may be told again. Must not throw. */
  note?(changes: readonly StoredFileChange[]): Promise<void>;
}

export interface Sealed {
  /** Written now. */
  readonly manifests: number;
  /** Files they name. */
  readonly lines: number;
  /** Files removed by Retention Count. */
  readonly pruned: number;
  readonly alarms: readonly string[];
  /** Time was up: call it again. */
  readonly more: boolean;
}

export interface VerifyRequest {
  onFinding(finding: Finding): void;
  onProgress?(progress: VerifyProgress): void;
  readonly signal?: AbortSignal;
}

export interface Finding {
  /** A `note` is worth knowing and no difference: something that a later run finishes, or removes. */
  readonly level: 'difference' | 'note';
  /**
   * - `missing`, `changed`, `unreadable`: a stored file
   * - `extra`: a file that nothing here has stored
   * - `manifest-missing`, `manifest-changed`, `manifest-extra`: a manifest
   * - `chain-broken`: a manifest, or the state, names another predecessor than there is
   * - `catalog-differs`: the catalog and the manifests do not say the same
   * - `leftover`: of an attempt that was cut off; `unfinished`: the next run goes on with it
   */
  readonly kind:
    | 'missing'
    | 'changed'
    | 'unreadable'
    | 'extra'
    | 'manifest-missing'
    | 'manifest-changed'
    | 'manifest-extra'
    | 'chain-broken'
    | 'catalog-differs'
    | 'leftover'
    | 'unfinished';
  /** Of the file, from the destination's folder on. */
  readonly name: string;
  /** One line. */
  readonly detail: string;
}

export interface VerifyProgress {
  readonly phase: 'catalog' | 'manifests' | 'listing' | 'files';
  readonly done: number;
  /** Where it is known. */
  readonly of?: number;
  /** Read and hashed so far. */
  readonly bytes: number;
}

export interface Verified {
  /** Files that were read and are as they were stored. */
  readonly files: number;
  readonly bytes: number;
  readonly manifests: number;
  /** Tombstones: files that are expected not to be there. */
  readonly pruned: number;
  readonly differences: number;
  readonly notes: number;
  /** The end of the chain. Kept elsewhere, it proves later that nothing before it was changed. */
  readonly head?: { readonly sequence: number; readonly name: string; readonly sha256: string };
}
