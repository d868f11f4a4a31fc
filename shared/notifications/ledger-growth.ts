import type { Settings } from '../settings/settings.ts';
import { type StateStore, stateKey } from '../state/state-store.ts';
import { streamOf } from '../streams/index.ts';
import type { StreamId } from '../streams/stream.ts';
import { nameOf } from './note-run.ts';
import { type Trouble, troubleKey } from './trouble.ts';
import { changeTrouble, meet, overcome, type Troubles } from './trouble-store.ts';

interface Sample {
  /** Milliseconds, our clock. */
  readonly at: number;
  readonly items: number;
}

const PARTITION = ['notifications', 'ledger'] as const;
const HOUR = 3_600_000;
/** A day, less what a look may come early. */
const COMPARED = 23 * HOUR;
/** Beyond this it is not counted on: 20 pages. */
const MOST_ITEMS = 20_000;

/** Counts what each site and data type owes, once an hour, and compares with a day before. */
export async function lookAtLedger(
  state: StateStore,
  settings: Settings,
  troubles: Troubles,
  now: number,
): Promise<void> {
  const { ledgerItems } = settings.notifications;
  if (ledgerItems === 0) return;
  for (const { siteId, stream } of owing(settings)) {
    const place = stateKey(siteId, stream);
    const samples = (await state.get<readonly Sample[]>(...PARTITION, place))?.value ?? [];
    const newest = samples.at(-1);
    if (newest && newest.at <= now && now - newest.at < HOUR) continue;
    const items = await countOwed(state, siteId, stream);
    const before = samples.findLast(({ at }) => now - at >= COMPARED);
    const kept = samples.filter(
      (sample) => sample === before || (now - sample.at < COMPARED && sample.at <= now),
    );
    await state.put(...PARTITION, place, [...kept, { at: now, items }]);
    const isFull = items >= MOST_ITEMS;
    const grows = items >= ledgerItems && before !== undefined && (items > before.items || isFull);
    const change = (trouble: Trouble | undefined) => {
      if (!grows) return overcome(trouble, {}, now);
      const count = isFull ? `${MOST_ITEMS} files or more` : `${items} files`;
      const title = `${streamOf(stream).title} of ${nameOf(settings.sites, siteId)}`;
      const message = `${count} are owed or set aside; a day before it were ${before.items}.`;
      return meet(trouble, { kind: 'ledger', title, message, siteId, stream }, now);
    };
    const key = troubleKey('ledger', siteId, stream);
    if (grows || troubles.has(key)) await changeTrouble(state, key, change, troubles.get(key));
  }
}

function owing({ schedules }: Settings): { readonly siteId: string; readonly stream: StreamId }[] {
  const found = new Map<string, { siteId: string; stream: StreamId }>();
  for (const { transfers } of schedules)
    for (const { site, dataTypes } of transfers)
      for (const stream of dataTypes)
        if (streamOf(stream).content === 'file') found.set(stateKey(site, stream), { siteId: site, stream });
  return [...found.values()];
}

/** Rows of the item ledger: transfer/ledger.ts keeps one for each file and destination under site and data type. */
async function countOwed(state: StateStore, siteId: string, stream: StreamId): Promise<number> {
  let items = 0;
  let from: string | undefined;
  do {
    const page = await state.list('ledger', stateKey(siteId, stream), from === undefined ? {} : { from });
    items += page.entries.length;
    from = page.next;
  } while (from !== undefined && items < MOST_ITEMS);
  return items;
}
