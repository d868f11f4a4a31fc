import type { Finding, VerifyProgress, VerifyRequest } from '../../evidence.ts';
import type { Catalog } from '../catalog.ts';
import type { FileStore } from '../file-store.ts';
import type { VerifyIndex } from './verify-index.ts';

/** What every step of a verification works with. */
export class VerifyContext {
  readonly catalog: Catalog;
  readonly store: FileStore;
  readonly index: VerifyIndex;
  readonly #request: VerifyRequest;
  differences = 0;
  notes = 0;
  files = 0;
  bytes = 0;
  manifests = 0;
  /** Manifests that are missing or changed: files may be named by none that can be believed. */
  lostManifests = 0;

  constructor(catalog: Catalog, store: FileStore, index: VerifyIndex, request: VerifyRequest) {
    this.catalog = catalog;
    this.store = store;
    this.index = index;
    this.#request = request;
  }

  difference(kind: Finding['kind'], name: string, detail: string): void {
    this.differences++;
    this.#request.onFinding({ level: 'difference', kind, name, detail });
  }

  note(kind: Finding['kind'], name: string, detail: string): void {
    this.notes++;
    this.#request.onFinding({ level: 'note', kind, name, detail });
  }

  progress(phase: VerifyProgress['phase'], done: number, of?: number): void {
    this.#request.signal?.throwIfAborted();
    this.#request.onProgress?.({ phase, done, bytes: this.bytes, ...(of === undefined ? {} : { of }) });
  }
}
