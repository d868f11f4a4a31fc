import type { NotificationSettings } from '../settings/notifications.ts';
import { stateKey } from '../state/state-store.ts';

export type ChannelId = 'mail' | 'webhook';

export type TroubleKind = 'failed' | 'partial' | 'alarm' | 'silence' | 'ledger' | 'gap';

/** What is known of one trouble. The row is the outbox as well: what a channel was not told yet is still to be sent. */
export interface Trouble {
  readonly kind: TroubleKind;
  /** What it is about, one line. */
  readonly title: string;
  /** What was said of it last, one line. */
  readonly message: string;
  readonly siteId?: string;
  readonly stream?: string;
  readonly destinationId?: string;
  readonly scheduleId?: string;
  /** The newest run that met it, and that run's due instant: what an older run says later does not count. */
  readonly runId?: string;
  readonly dueAt?: string;
  /** Milliseconds, our clock. */
  readonly since: number;
  readonly last: number;
  /** How often it was met, from the first time on. It only grows, so that what channels were told stays less. */
  readonly count: number;
  /** It is an event: it does not last, and is never over. */
  readonly event?: boolean;
  /** When it was over. Milliseconds, our clock. */
  readonly over?: number;
  readonly told: Readonly<Partial<Record<ChannelId, Told>>>;
}

/** What a channel was told. */
export interface Told {
  readonly state: 'open' | 'over';
  /** Milliseconds, our clock. */
  readonly at: number;
  readonly count: number;
  /** Messages about this trouble since `from`: one that comes and goes all the time is not worth one each time. */
  readonly messages: number;
  readonly from: number;
}

/** `again`: in the digest, or each time where that was chosen. */
export type NoticeKind = 'new' | 'again' | 'over';

export interface Notice {
  readonly key: string;
  readonly notice: NoticeKind;
  readonly trouble: Trouble;
}

const HOUR = 3_600_000;
/** Of one trouble, in the time between two digests. */
const MOST_MESSAGES = 6;

/** What the channel is to be told of the trouble now. */
export function noticeFor(
  trouble: Trouble,
  channel: ChannelId,
  settings: NotificationSettings,
  now: number,
): NoticeKind | undefined {
  if (!isWanted(trouble.kind, settings)) return undefined;
  const told = trouble.told[channel];
  if (!told) return trouble.over === undefined ? 'new' : 'over';
  const digestIsDue = now - told.at >= settings.digestHours * HOUR;
  const more = trouble.count > told.count;
  if (trouble.over === undefined && settings.report === 'each') return more ? 'again' : undefined;
  const isNewTime = now - told.from >= settings.digestHours * HOUR;
  if (!isNewTime && told.messages >= MOST_MESSAGES) return undefined;
  if (trouble.over !== undefined) return told.state === 'open' ? 'over' : undefined;
  if (told.state === 'over') return 'new';
  return more && digestIsDue ? 'again' : undefined;
}

export function toldNow(trouble: Trouble, channel: ChannelId, digestHours: number, now: number): Told {
  const before = trouble.told[channel];
  const isNewTime = !before || now - before.from >= digestHours * HOUR;
  return {
    state: trouble.over === undefined ? 'open' : 'over',
    at: now,
    count: trouble.count,
    messages: isNewTime ? 1 : before.messages + 1,
    from: isNewTime ? now : before.from,
  };
}

/** Whether nothing is to be said of it any more. */
export function isSettled(
  trouble: Trouble,
  channels: readonly ChannelId[],
  settings: NotificationSettings,
  now: number,
): boolean {
  const isOld = now - (trouble.over ?? trouble.last) > settings.digestHours * HOUR;
  if (!isOld || (trouble.over === undefined && !trouble.event)) return false;
  return channels.every((channel) => noticeFor(trouble, channel, settings, now) === undefined);
}

function isWanted(kind: TroubleKind, settings: NotificationSettings): boolean {
  switch (kind) {
    case 'failed':
      return settings.failedRuns;
    case 'partial':
      return settings.partialRuns;
    case 'alarm':
    case 'gap':
      return settings.alarms;
    case 'silence':
      return settings.silencePeriods > 0;
    case 'ledger':
      return settings.ledgerItems > 0;
  }
}

export const troubleKey = (kind: TroubleKind, ...parts: readonly string[]): string =>
  stateKey(kind, ...parts);
