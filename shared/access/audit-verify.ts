import type { StateStore } from '../state/state-store.ts';
import {
  AUDIT,
  type AuditEntry,
  type AuditHead,
  ENTRIES_END,
  entryKey,
  GENESIS,
  HEAD,
  hashEntry,
  numberOfKey,
} from './audit-entry.ts';

/**
 * What is wrong with the chain, at the entries `from` to `to`. `missing`: taken away; `changed`: its
 * hash is not what the entry after it holds (after one that was changed itself, that may be that one's doing);
 * `beyond`: behind the head, so the head was set back; `headless`: the head was taken away; `unlike-known`: not what was
 * noted elsewhere.
 */
export interface AuditBreak {
  readonly what: 'missing' | 'changed' | 'beyond' | 'headless' | 'unlike-known';
  readonly from: number;
  readonly to: number;
}

/** Where a walk is: the entry that is looked at next, and the hash it has to have, where that can be told. */
export interface AuditPlace {
  readonly number: number;
  readonly hash?: string;
}

export interface AuditCheck {
  /** Of a walk's first page: the newest entry. Noted elsewhere, it proves later that nothing before it was changed. */
  readonly head?: AuditHead;
  readonly entries: number;
  /** Newest first: the first one is the newest entry that is not as it was written. */
  readonly breaks: readonly AuditBreak[];
  /** To go on with; absent when the beginning has been reached. */
  readonly next?: AuditPlace;
}

export interface VerifyOptions {
  readonly next?: AuditPlace | undefined;
  /** A head that was noted before. */
  readonly known?: AuditHead | undefined;
  /** Entries a page, at most 1,000. */
  readonly limit?: number | undefined;
}

/** Walks the chain from its newest entry towards the first, a page at a time. Entries may be added meanwhile. */
export async function verifyAudit(state: StateStore, options: VerifyOptions = {}): Promise<AuditCheck> {
  const { next, known, limit = 1000 } = options;
  const breaks: AuditBreak[] = [];
  const head = next ? undefined : (await state.get<AuditHead>(...AUDIT, HEAD))?.value;
  let place = next ?? head ?? { number: 0, hash: GENESIS };
  if (!next) {
    const top = await entriesBeyond(state, place.number);
    if (top !== undefined) {
      breaks.push({ what: head ? 'beyond' : 'headless', from: place.number + 1, to: top });
      if (!head) place = { number: top };
    }
    if (known && known.number > place.number)
      breaks.push({ what: 'missing', from: place.number + 1, to: known.number });
  }
  const range = { from: entryKey(place.number), before: ENTRIES_END, limit };
  const page = await state.list<AuditEntry>(...AUDIT, range);
  for (const { key, value } of page.entries) {
    const number = numberOfKey(key);
    if (number < place.number) {
      breaks.push({ what: 'missing', from: number + 1, to: place.number });
      place = { number };
    }
    const hash = hashEntry(value);
    if (value.number !== number || (place.hash !== undefined && place.hash !== hash))
      breaks.push({ what: 'changed', from: number, to: number });
    if (known?.number === number && known.hash !== hash)
      breaks.push({ what: 'unlike-known', from: number, to: number });
    place = { number: number - 1, hash: String(value.previous) };
  }
  const counted = { ...(head ? { head } : {}), entries: page.entries.length };
  if (page.next !== undefined) return { ...counted, breaks, next: place };
  if (place.number > 0) breaks.push({ what: 'missing', from: 1, to: place.number });
  else if (place.hash !== GENESIS) breaks.push({ what: 'changed', from: 1, to: 1 });
  return { ...counted, breaks };
}

/** The newest entry behind the head, if there is one that was not added just now. */
async function entriesBeyond(state: StateStore, number: number): Promise<number | undefined> {
  const range = { from: entryKey(9_999_999_999), before: entryKey(number), limit: 1 };
  const [newest] = (await state.list<AuditEntry>(...AUDIT, range)).entries;
  if (!newest) return undefined;
  // An entry and the head are written at once, so a head that is read later is not behind it.
  const head = await state.get<AuditHead>(...AUDIT, HEAD);
  const top = numberOfKey(newest.key);
  return (head?.value.number ?? 0) < top ? top : undefined;
}
