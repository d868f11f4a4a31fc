import type { SentSessions } from './reply.ts';
import type { SessionIds } from './session-ids.ts';
import type { SentRequest } from './simulated-appliance.ts';

/** One line of the log while its reply is still going out. */
export interface OpenEntry extends SentRequest {
  status: number;
  fault?: string;
  bytes: number;
  sessions?: ReadonlyMap<string, string>;
}

/** The newest requests, up to a limit. */
export class SentLog {
  readonly entries: SentRequest[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  open(request: string, parameters: Readonly<Record<string, string>>): OpenEntry {
    const entry: OpenEntry = { request, parameters, status: 0, bytes: 0 };
    this.entries.push(entry);
    if (this.entries.length > this.#limit) this.entries.splice(0, this.entries.length - this.#limit);
    return entry;
  }
}

const digestBytes = 32;
const blockSessions = 256;

/**
 * lsid → SHA-256 of the bytes sent, for a reply of any number of sessions: 48 bytes each, packed, and turned into
 * text when somebody looks. Only sessions that went out whole are in it.
 */
export class SessionDigests implements SentSessions, ReadonlyMap<string, string> {
  readonly #ids: SessionIds;
  readonly #sentBytes: () => number;
  readonly #digests: Buffer[] = [];
  readonly #indexes: Float64Array[] = [];
  readonly #ends: Float64Array[] = [];
  #count = 0;
  /** index → place, filled when somebody first asks. */
  readonly #places = new Map<number, number>();
  #placed = 0;

  constructor(ids: SessionIds, sentBytes: () => number) {
    this.#ids = ids;
    this.#sentBytes = sentBytes;
  }

  add(index: number, sha256: Buffer, endsAt: number): void {
    const at = this.#count % blockSessions;
    if (at === 0) {
      this.#digests.push(Buffer.alloc(blockSessions * digestBytes));
      this.#indexes.push(new Float64Array(blockSessions));
      this.#ends.push(new Float64Array(blockSessions));
    }
    this.#digests.at(-1)?.set(sha256, at * digestBytes);
    this.#indexes.at(-1)?.set([index], at);
    this.#ends.at(-1)?.set([endsAt], at);
    this.#count++;
  }

  get size(): number {
    return this.#whole();
  }

  get(lsid: string): string | undefined {
    const index = this.#ids.index(lsid);
    if (index === undefined) return undefined;
    while (this.#placed < this.#count) this.#places.set(this.#index(this.#placed), this.#placed++);
    const at = this.#places.get(index);
    return at === undefined || at >= this.#whole() ? undefined : this.#digest(at);
  }

  has(lsid: string): boolean {
    return this.get(lsid) !== undefined;
  }

  forEach(
    callback: (value: string, key: string, map: ReadonlyMap<string, string>) => void,
    thisArgument?: unknown,
  ): void {
    for (const [lsid, sha256] of this) callback.call(thisArgument, sha256, lsid, this);
  }

  *entries(): MapIterator<[string, string]> {
    for (let at = 0, whole = this.#whole(); at < whole; at++) {
      yield [this.#ids.lsid(this.#index(at)), this.#digest(at)];
    }
  }

  *keys(): MapIterator<string> {
    for (const [lsid] of this.entries()) yield lsid;
  }

  *values(): MapIterator<string> {
    for (const [, sha256] of this.entries()) yield sha256;
  }

  [Symbol.iterator](): MapIterator<[string, string]> {
    return this.entries();
  }

  /** Ends are in order: how many of them lie within what was sent. */
  #whole(): number {
    const sent = this.#sentBytes();
    let whole = this.#count;
    while (whole > 0 && this.#end(whole - 1) > sent) whole--;
    return whole;
  }

  #index(at: number): number {
    return this.#indexes[Math.floor(at / blockSessions)]?.[at % blockSessions] ?? -1;
  }

  #end(at: number): number {
    return this.#ends[Math.floor(at / blockSessions)]?.[at % blockSessions] ?? 0;
  }

  #digest(at: number): string {
    const from = (at % blockSessions) * digestBytes;
    return this.#digests[Math.floor(at / blockSessions)]?.toString('hex', from, from + digestBytes) ?? '';
  }
}
