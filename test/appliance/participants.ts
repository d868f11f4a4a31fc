import type { Representative } from '../../shared/sessions/session.ts';
import { makeInvited, makeRepresentative, reconnected } from './people.ts';
import type { Random } from './random.ts';

/** A user's connection to the session: the same user comes again as another one after losing it. */
export interface Participation {
  readonly representative: Representative;
  readonly joinedAt: number;
  readonly leftAt: number;
}

export interface ParticipationPlan {
  readonly random: Random;
  readonly product: 'RS' | 'PRA';
  readonly odd: boolean;
  readonly start: number;
  readonly end: number;
  /** RS: a customer who left before anybody took the session up. */
  readonly nobody: boolean;
  readonly reconnects: boolean;
  readonly invited: boolean;
}

/** The owner first. */
export function planParticipations(plan: ParticipationPlan): Participation[] {
  const { random, product, odd, start, end } = plan;
  const helper = random.chance(0.3);
  const joinedAt = Math.min(end, start + 2);
  const middle = Math.max(joinedAt, start + Math.floor((end - start) / 2));
  const owner = { ...makeRepresentative(random, product, odd), isOwner: true };
  const first = product === 'RS' ? { ...owner, isPrimary: true } : owner;
  const list: Participation[] = [{ representative: first, joinedAt, leftAt: plan.reconnects ? middle : end }];
  if (plan.reconnects) {
    list.push({ representative: reconnected(random, odd, first), joinedAt: middle, leftAt: end });
  }
  if (helper) {
    list.push({ representative: makeRepresentative(random, product, odd), joinedAt: middle, leftAt: end });
  }
  if (plan.invited) {
    list.push({ representative: makeInvited(random, product, odd), joinedAt: middle, leftAt: end });
  }
  return plan.nobody ? [] : list;
}

/** Who has joined by `until`, with the seconds each was there. */
export function participantsAt(list: readonly Participation[], until: number): Representative[] {
  return list
    .filter(({ joinedAt }) => joinedAt <= until)
    .map(({ representative, joinedAt, leftAt }) => ({
      ...representative,
      secondsInvolved: Math.min(leftAt, until) - joinedAt,
    }));
}
