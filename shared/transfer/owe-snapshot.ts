import { logEvents } from '../log-events.ts';
import { reportPart } from '../runs/progress.ts';
import { getRun, isFinished, transferKey } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { listAll } from '../state/list-all.ts';
import { StateConflict } from '../state/state-store.ts';
import { unavailable } from '../streams/available.ts';
import { streamOf } from '../streams/index.ts';
import type { SnapshotStream, StreamId } from '../streams/stream.ts';
import { ledgerKey, ledgerPartition, type OwedItem, owe } from './ledger.ts';
import { holdSlot } from './slots.ts';
import { type Outcome, type Work, work } from './work.ts';

export interface OweSnapshotInput {
  readonly runId: string;
  readonly siteId: string;
  readonly stream: StreamId;
}

/** Puts the snapshot of this run's due instant into the ledger, in place of an earlier one that never came about. */
export function oweSnapshot(services: Services, input: OweSnapshotInput): Promise<Outcome<object>> {
  return work(services, input, async (at) => {
    const { run, site } = at;
    const stream = streamOf(input.stream);
    if (stream.from !== 'snapshot') throw new Error(`${stream.id} is no snapshot`);
    await checkAvailable(at, stream);
    const item = stream.itemAt(new Date(run.dueAt));
    const transfers = run.transfers.filter(
      (transfer) => transfer.siteId === site.id && transfer.stream === stream.id,
    );
    for (const { destinationId } of transfers) {
      await dropMissed(at, stream.id, destinationId, item.key);
      const key = transferKey({ siteId: site.id, stream: stream.id, destinationId });
      const partition = ledgerPartition(site.id, stream.id);
      const known = await services.state.get<OwedItem>('ledger', partition, ledgerKey(item, destinationId));
      // Two schedules may be due at one instant: it is one snapshot, and the other run is making it.
      const others = known !== undefined && (await isOfLiveRun(at, known.value));
      if (!others)
        await owe(services.state, site.id, stream.id, [{ item, destinationId }], services.now(), run.id);
      await reportPart(services, run.id, key, 'snapshot', { found: 1, repeated: others ? 1 : 0 });
    }
    return {};
  });
}

/** A data type that every appliance has shows itself whether the account may have it. */
async function checkAvailable({ services, site, signal }: Work, stream: SnapshotStream): Promise<void> {
  if (stream.since === undefined && stream.products.length === 2) return;
  const slot = await holdSlot(services, site, signal);
  try {
    await slot.take(signal);
    const info = await services.appliance(site).info({ signal });
    const failure = unavailable(stream, info, `"${site.name}" (${site.host})`);
    if (failure) throw failure;
  } finally {
    await slot.release();
  }
}

/** Wanted by another run that has not ended. */
async function isOfLiveRun({ services, run }: Work, { wantedBy }: OwedItem): Promise<boolean> {
  if (wantedBy === undefined || wantedBy === run.id) return false;
  const owner = await getRun(services.state, wantedBy);
  return owner !== undefined && !isFinished(owner);
}

/** A snapshot of an instant that has passed cannot be made any more; the run that failed to make it says so. */
async function dropMissed(at: Work, stream: StreamId, destinationId: string, key: string): Promise<void> {
  const { services, site } = at;
  const partition = ledgerPartition(site.id, stream);
  for await (const { key: row, value, etag } of listAll<OwedItem>(services.state, 'ledger', partition)) {
    if (value.destinationId !== destinationId || value.state !== 'pending' || value.item.key >= key) continue;
    if (await isOfLiveRun(at, value)) continue;
    services.log.warn(logEvents.snapshotMissed, {
      site: site.id,
      stream,
      item: value.item.key,
    });
    try {
      await services.state.remove('ledger', partition, row, etag);
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
    }
  }
}
