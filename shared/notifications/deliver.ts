import { Failure, type FailureReport, reportFailure } from '../errors.ts';
import type { Services } from '../services.ts';
import type { NotificationSettings } from '../settings/notifications.ts';
import { type Entry, StateConflict, type StateStore } from '../state/state-store.ts';
import { type Channel, channelsOf } from './channels.ts';
import { messageOf } from './message.ts';
import { type ChannelId, isSettled, type Notice, noticeFor, type Trouble, toldNow } from './trouble.ts';
import { changeTrouble, listTroubles, removeTrouble } from './trouble-store.ts';

/** How a channel is doing. Milliseconds, our clock. */
export interface ChannelState {
  /** Attempts since the last that went well. */
  readonly attempts: number;
  /** Not before. */
  readonly nextAt: number;
  readonly lastSent?: number;
  readonly lastAnswer?: string;
  readonly failure?: FailureReport;
}

const PARTITION = ['notifications', 'channel'] as const;
const MINUTE = 60_000;
const LONGEST_WAIT = 60 * MINUTE;
/** Between two messages, so that what fails at once on many sites comes in one. */
const PAUSE = 5 * MINUTE;

/**
 * Tells every channel what it was not told yet. An attempt is noted before it is made: one that is cut off is made again
 * after the wait, and of two hosts one makes it. A message whose sending was not noted any more is sent again, with the
 * same id. Resolves to when to try again, if anything is left. Milliseconds, our clock.
 */
export async function deliver(
  services: Services,
  settings: NotificationSettings,
): Promise<number | undefined> {
  const { state, now } = services;
  const channels = channelsOf(settings, services);
  const troubles = await listTroubles(state);
  const waits: number[] = [];
  for (const channel of channels) {
    const wait = await deliverTo(services, settings, channel, troubles);
    if (wait !== undefined) waits.push(wait);
  }
  const ids = channels.map(({ id }) => id);
  for (const entry of troubles)
    if (isSettled(entry.value, ids, settings, now())) await removeTrouble(state, entry);
  return waits.length > 0 ? Math.min(...waits) : undefined;
}

async function deliverTo(
  services: Services,
  settings: NotificationSettings,
  channel: Channel,
  troubles: readonly Entry<Trouble>[],
): Promise<number | undefined> {
  const { state, log, now } = services;
  const notices = troubles.flatMap(({ key, value }): Notice[] => {
    const notice = noticeFor(value, channel.id, settings, now());
    return notice ? [{ key, notice, trouble: value }] : [];
  });
  if (notices.length === 0) return undefined;
  const before = await state.get<ChannelState>(...PARTITION, channel.id);
  const attempts = (before?.value.attempts ?? 0) + 1;
  const wait = (before?.value.nextAt ?? 0) - now();
  // A wait that is longer than any was set by a clock that was wrong.
  if (wait > 0 && wait <= LONGEST_WAIT) return now() + wait;
  const nextAt = now() + Math.min(LONGEST_WAIT, MINUTE * 2 ** Math.min(attempts - 1, 10));
  const { failure: _past, ...rest } = before?.value ?? {};
  const claimed: ChannelState = { ...rest, attempts, nextAt };
  const etag = await claim(state, channel.id, before, claimed);
  if (etag === undefined) return nextAt;
  try {
    const answer = await channel.send(messageOf(channel.id, notices));
    await markTold(state, channel.id, notices, troubles, settings.digestHours, now());
    const pause = settings.report === 'each' ? 0 : PAUSE;
    await keep(state, channel.id, etag, {
      attempts: 0,
      nextAt: now() + pause,
      lastSent: now(),
      lastAnswer: answer,
    });
    log.info('Notification sent', { channel: channel.id, troubles: notices.length });
    return undefined;
  } catch (error) {
    const failure = reportFailure(error);
    const { code, message } = failure;
    log.warn('A notification could not be sent', { channel: channel.id, attempts, code, message });
    const asked = error instanceof Failure ? Math.min(error.retryAfterMs ?? 0, LONGEST_WAIT) : 0;
    const failed = { ...claimed, nextAt: Math.max(nextAt, now() + asked), failure };
    await keep(state, channel.id, etag, failed);
    return failed.nextAt;
  }
}

async function markTold(
  state: StateStore,
  channel: ChannelId,
  notices: readonly Notice[],
  troubles: readonly Entry<Trouble>[],
  digestHours: number,
  now: number,
): Promise<void> {
  const known = new Map(troubles.map((entry) => [entry.key, entry]));
  for (const { key, trouble } of notices) {
    const told = toldNow(trouble, channel, digestHours, now);
    await changeTrouble(
      state,
      key,
      (current) => current && { ...current, told: { ...current.told, [channel]: told } },
      known.get(key),
    );
  }
}

/** `undefined`: another host makes this attempt. */
async function claim(
  state: StateStore,
  id: ChannelId,
  before: Entry<ChannelState> | undefined,
  next: ChannelState,
): Promise<string | undefined> {
  try {
    return before
      ? await state.update(...PARTITION, id, next, before.etag)
      : await state.insert(...PARTITION, id, next);
  } catch (error) {
    if (error instanceof StateConflict) return undefined;
    throw error;
  }
}

async function keep(state: StateStore, id: ChannelId, etag: string, next: ChannelState): Promise<void> {
  // Where somebody else has claimed it meanwhile, theirs is the newer one.
  await claim(state, id, { key: id, etag, value: next }, next);
}

export async function channelState(state: StateStore, id: ChannelId): Promise<ChannelState | undefined> {
  return (await state.get<ChannelState>(...PARTITION, id))?.value;
}
