import { DateTime } from 'luxon';
import { type TicketApproval, type TicketRule, weekdays } from '../settings/ticket-approval.ts';
import { fits } from './pattern.ts';
import type { PostedRequest } from './posted-request.ts';

export interface Ruling {
  readonly decision: 'allow' | 'deny' | 'forward';
  /** The rule's name; absent: no rule fits. */
  readonly rule?: string;
  readonly message?: string;
  readonly custom?: Readonly<Record<string, string>>;
}

/**
 * What the rules say: the first that fits, else what is set for otherwise.
 * @param now milliseconds, our clock
 */
export function decide(
  { rules, otherwise, otherwiseMessage }: TicketApproval,
  siteId: string,
  request: PostedRequest,
  now: number,
): Ruling {
  const rule = rules.find((one) => ruleFits(one, siteId, request, now));
  if (!rule)
    return {
      decision: otherwise,
      ...(otherwiseMessage === undefined ? {} : { message: otherwiseMessage }),
    };
  const { name, decision, message, custom } = rule;
  return {
    decision,
    rule: name,
    ...(message === undefined ? {} : { message }),
    ...(custom === undefined ? {} : { custom }),
  };
}

function ruleFits(
  { sites, tickets, users, groups, hours }: TicketRule,
  siteId: string,
  { ticketId, fields }: PostedRequest,
  now: number,
): boolean {
  const oneFits = (patterns: readonly string[] | undefined, text: string | undefined) =>
    patterns === undefined || patterns.some((pattern) => fits(pattern, text ?? ''));
  return (
    (sites === undefined || sites.includes(siteId)) &&
    oneFits(tickets, ticketId) &&
    oneFits(users, fields['user.username']) &&
    oneFits(groups, fields['jump_item.group']) &&
    (hours === undefined || isWithin(hours, now))
  );
}

/** By the clock on the wall: an hour that is skipped in spring never is, one that is repeated in autumn is twice. */
function isWithin(
  { from, to, weekdays: days, timeZone }: NonNullable<TicketRule['hours']>,
  now: number,
): boolean {
  const local = DateTime.fromMillis(now, { zone: timeZone });
  const time = local.toFormat('HH:mm');
  const overnight = to < from;
  // What began yesterday evening is yesterday's.
  const isMorningAfter = overnight && time < to;
  const isInside = overnight ? time >= from || isMorningAfter : time >= from && time < to;
  const day = weekdays[(isMorningAfter ? local.minus({ days: 1 }) : local).weekday - 1];
  return isInside && (days === undefined || (day !== undefined && days.includes(day)));
}
