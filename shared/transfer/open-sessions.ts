import type { TransferKey } from '../runs/run.ts';
import type { Session } from '../sessions/session.ts';
import { listAll } from '../state/list-all.ts';
import { type StateStore, stateKey } from '../state/state-store.ts';

/** A session that a transfer has seen without an end, and that has to be asked for again. */
export interface OpenSession {
  readonly lsid: string;
  /** Unix seconds, appliance's clock; when it began, else when it was seen first. */
  readonly since: number;
  /** Not before this, appliance's clock. */
  readonly nextLook: number;
  /** Looks in a row at which the appliance did not know it. */
  readonly missed?: number;
}

const HOUR = 3600;
/** What appliances keep; after it nobody can complete the session any more. */
const FORGOTTEN_AFTER = 90 * 24 * HOUR;

/** Running, or declared abnormally closed? Only the latter is final. */
export function isFinal(session: Session, appliance: number, openSessionHours: number): boolean {
  if (session.endTime !== null) return true;
  return session.startTime !== null && appliance - session.startTime > openSessionHours * HOUR;
}

/** What to remember of a session that has no end; undefined when it is not worth asking again. */
export function openRow(
  session: Session,
  appliance: number,
  openSessionHours: number,
): OpenSession | undefined {
  const since = session.startTime ?? appliance;
  const age = appliance - since;
  if (age > FORGOTTEN_AFTER) return undefined;
  // One that was declared abnormal may still close: look once a day. Any other at the next run, not again in this one.
  const nextLook = appliance + (isFinal(session, appliance, openSessionHours) ? 24 * HOUR : 1);
  return { lsid: session.lsid, since, nextLook };
}

export async function rememberOpen(
  state: StateStore,
  transfer: TransferKey,
  row: OpenSession,
): Promise<void> {
  await state.put('open', transfer, stateKey(row.lsid), row);
}

export async function forgetOpen(state: StateStore, transfer: TransferKey, lsid: string): Promise<void> {
  await state.remove('open', transfer, stateKey(lsid));
}

/** Open sessions of a transfer that are due for a look. */
export async function openSessions(
  state: StateStore,
  transfer: TransferKey,
  appliance: number,
): Promise<readonly OpenSession[]> {
  const due: OpenSession[] = [];
  for await (const { value } of listAll<OpenSession>(state, 'open', transfer))
    if (value.nextLook <= appliance) due.push(value);
  return due;
}
