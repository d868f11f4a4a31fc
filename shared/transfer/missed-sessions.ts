import { type TransferKey, transferOf } from '../runs/run.ts';
import { stateKey } from '../state/state-store.ts';
import { ledgerKey, ledgerPartition, type OwedItem, pieceOf, SESSION_VANISHED, setAside } from './ledger.ts';
import { forgetOpen, type OpenSession, rememberOpen } from './open-sessions.ts';
import type { Work } from './work.ts';

const MISSED_OFTEN = 3;

/**
 * Open sessions that the appliance no longer knows. One miss may be a hiccup; after three looks the session is set
 * aside where people see it. What destinations already have of it stays.
 */
export async function missedSessions(
  at: Work,
  transfer: TransferKey,
  lsids: readonly string[],
  appliance: number,
  part: string,
): Promise<number> {
  const { services, site, run } = at;
  const { destinationId, stream } = transferOf(run, transfer);
  const piece = pieceOf(run.id, `${transfer}|${part}`);
  const partition = ledgerPartition(site.id, stream);
  let gone = 0;
  for (const lsid of lsids) {
    const entry = await services.state.get<OpenSession>('open', transfer, stateKey(lsid));
    if (!entry) {
      // A delivery of this step before this one gave it up, and died before it said so.
      const row = await services.state.get<OwedItem>(
        'ledger',
        partition,
        ledgerKey({ key: lsid }, destinationId),
      );
      if (row?.value.state === 'set-aside' && row.value.givenUpBy === piece) gone++;
      continue;
    }
    const missed = (entry.value.missed ?? 0) + 1;
    if (missed < MISSED_OFTEN) {
      await rememberOpen(services.state, transfer, { ...entry.value, missed, nextLook: appliance });
      continue;
    }
    const failure = {
      kind: 'item',
      code: SESSION_VANISHED,
      message: `The appliance no longer knows the session ${lsid}, which never ended as far as was seen.`,
    } as const;
    const item = { key: lsid, lsid, values: { LSID: lsid }, extension: 'xml' };
    await setAside(services.state, site.id, stream, item, destinationId, failure, services.now(), piece);
    await forgetOpen(services.state, transfer, lsid);
    gone++;
  }
  return gone;
}
