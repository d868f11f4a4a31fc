import type { StateStore } from '../state/state-store.ts';
import {
  AUDIT,
  type AuditEntry,
  type AuditHead,
  type AuditOutcome,
  ENTRIES_END,
  entryKey,
  HEAD,
  hashEntry,
  numberOfKey,
} from './audit-entry.ts';

export interface AuditQuery {
  /** Id of the principal, or a part of the name, whatever its case. */
  readonly who?: string | undefined;
  readonly operation?: string | undefined;
  readonly kind?: AuditEntry['kind'] | undefined;
  readonly outcome?: AuditOutcome | undefined;
  /** [from, to), milliseconds since 1970. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly limit: number;
  /** Number of the entry to go on with. */
  readonly next?: number | undefined;
}

/** Newest first. A page can have fewer entries than asked for, none too, and still be followed by another. */
export interface AuditPage {
  readonly entries: readonly (AuditEntry & { readonly hash: string })[];
  readonly next?: number;
}

/** Entries that one page looks at. */
const MOST_LOOKED_AT = 1000;
/** Clocks of hosts may differ by so much, and entries are in the order of writing. Milliseconds. */
const AROUND = 10 * 60_000;

export async function listAudit(state: StateStore, query: AuditQuery): Promise<AuditPage> {
  const begin = query.next ?? (await newestBefore(state, query.to));
  if (begin === undefined) return { entries: [] };
  const range = { from: entryKey(begin), before: ENTRIES_END, limit: MOST_LOOKED_AT };
  const page = await state.list<AuditEntry>(...AUDIT, range);
  const entries: (AuditEntry & { readonly hash: string })[] = [];
  for (const { key, value } of page.entries) {
    if (entries.length === query.limit) return { entries, next: numberOfKey(key) };
    if (Date.parse(value.time) < (query.from ?? 0) - AROUND) return { entries };
    if (isWanted(value, query)) entries.push({ ...value, hash: hashEntry(value) });
  }
  const last = page.entries.at(-1);
  return { entries, ...(last && page.next !== undefined ? { next: numberOfKey(last.key) - 1 } : {}) };
}

function isWanted(entry: AuditEntry, { who, operation, kind, outcome, from, to }: AuditQuery): boolean {
  const { id, name } = entry.principal;
  const time = Date.parse(entry.time);
  return (
    (who === undefined || id === who || name.toLowerCase().includes(who.toLowerCase())) &&
    (operation === undefined || entry.operation === operation) &&
    (kind === undefined || entry.kind === kind) &&
    (outcome === undefined || entry.outcome === outcome) &&
    (from === undefined || time >= from) &&
    (to === undefined || time < to)
  );
}

/** The newest entry that may be before the time, found by halves; undefined: there is none. */
async function newestBefore(state: StateStore, to: number | undefined): Promise<number | undefined> {
  const head = await state.get<AuditHead>(...AUDIT, HEAD);
  if (!head) return undefined;
  if (to === undefined) return head.value.number;
  let [low, high] = [0, head.value.number];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    // Where the very entry was taken away, the one before it stands for it.
    const range = { from: entryKey(middle), before: ENTRIES_END, limit: 1 };
    const [there] = (await state.list<AuditEntry>(...AUDIT, range)).entries;
    if (there === undefined || Date.parse(there.value.time) < to + AROUND) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? undefined : low;
}
