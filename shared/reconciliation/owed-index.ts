import { listAll } from '../state/list-all.ts';
import type { StreamId } from '../streams/stream.ts';
import { ledgerKey, ledgerPartition, type OwedItem } from '../transfer/ledger.ts';
import type { Coverage } from './coverage.ts';
import type { SiteWork } from './site-work.ts';

/** As coverage counts it. */
export type OwedAs = keyof Pick<Coverage, 'owed' | 'setAside' | 'agedOut'>;

interface Owed {
  readonly key: string;
  readonly lsid?: string;
  /** Of a bucket: its start, Unix seconds. */
  readonly from?: number;
  readonly as: OwedAs;
}

/** The item ledgers of a site, each read once in a step. Where all is well they are short. */
export class OwedIndex {
  readonly #at: SiteWork;
  readonly #ledgers = new Map<StreamId, Promise<Map<string, Owed[]>>>();

  constructor(at: SiteWork) {
    this.#at = at;
  }

  /** What a destination is owed of a data type. */
  async of(stream: StreamId, destinationId: string): Promise<readonly Owed[]> {
    const known = this.#ledgers.get(stream) ?? this.#read(stream);
    this.#ledgers.set(stream, known);
    return (await known).get(destinationId) ?? [];
  }

  /** The row as it is now: it may have come since the ledger was read. */
  async now(stream: StreamId, destinationId: string, key: string): Promise<OwedAs | undefined> {
    const { services, site } = this.#at;
    const row = await services.state.get<OwedItem>(
      'ledger',
      ledgerPartition(site.id, stream),
      ledgerKey({ key }, destinationId),
    );
    return row && countedAs(row.value);
  }

  async #read(stream: StreamId): Promise<Map<string, Owed[]>> {
    const { services, site } = this.#at;
    const partition = ledgerPartition(site.id, stream);
    const found = new Map<string, Owed[]>();
    for await (const { value } of listAll<OwedItem>(services.state, 'ledger', partition)) {
      const { item, destinationId } = value;
      const of = found.get(destinationId) ?? [];
      of.push({
        key: item.key,
        as: countedAs(value),
        ...(item.lsid === undefined ? {} : { lsid: item.lsid }),
        ...(item.window === undefined ? {} : { from: item.window.from }),
      });
      found.set(destinationId, of);
    }
    return found;
  }
}

function countedAs({ state, lastFailure }: OwedItem): OwedAs {
  if (state === 'pending') return 'owed';
  // The appliance itself says that it has forgotten it.
  return lastFailure?.code === 'recording-expired' ? 'agedOut' : 'setAside';
}
