import {
  customerActor,
  data,
  type EventBody,
  type EventScene,
  everyone,
  makeEvent,
  representativeActor,
  systemActor,
} from './event-scene.ts';
import { oddKinds } from './odd-event-kinds.ts';
import type { Participation } from './participants.ts';
import { plainKinds } from './plain-event-kinds.ts';
import type { EventFacts, Pair } from './session-facts.ts';
import { systemCategories } from './system-information.ts';
import { chatPart } from './texts.ts';

export interface EventPlan extends Omit<EventScene, 'representative'> {
  readonly start: number;
  readonly end: number;
  readonly abnormal: boolean;
  /** About how many. */
  readonly count: number;
  readonly participations: readonly Participation[];
  /** Command shells opened. */
  readonly shells: number;
  /** Data of a shell's event: its instance, with URLs once there is a recording. */
  shellData(instance: number): readonly Pair[];
}

/** Every event of the session's whole life, in order of time. */
export function planEvents(plan: EventPlan): EventFacts[] {
  const opening = openingEvents(plan).slice(0, Math.max(1, plan.count));
  const events: EventFacts[] = [
    ...opening.map((event, at) => ({ ...event, time: Math.min(plan.end, plan.start + at) })),
    ...middleEvents(plan, opening.length),
    ...comingsAndGoings(plan),
  ];
  events.sort((one, other) => one.time - other.time);
  if (plan.abnormal) return events;
  events.push({
    ...makeEvent('Conference Member Departed', customerActor(plan.customer), null),
    time: plan.end,
  });
  events.push({ ...makeEvent('Session End', null, null, ...blankIfOdd(plan)), time: plan.end });
  return events;
}

function blankIfOdd(plan: EventPlan) {
  return plan.odd && plan.random.chance(0.5) ? [{ kind: 'blank' } as const] : [];
}

function openingEvents(plan: EventPlan): EventBody[] {
  const { product, customer, random } = plan;
  const system = systemActor(product);
  const owner = plan.participations[0]?.representative;
  const preStart = { type: 'system', gsNumber: '0', name: 'Pre-start Conference' };
  const events: EventBody[] = [
    makeEvent('Session Start', null, null, ...blankIfOdd(plan)),
    makeEvent('Conference Owner Changed', null, preStart, data(['owner', 'Pre-start Conference'])),
  ];
  if (product === 'RS') {
    const to = owner ? representativeActor(owner) : null;
    events.push(makeEvent('Session Assigned', system, to, data(['priority', String(1 + random.int(3))])));
    events.push(
      makeEvent('Legal Agreement Response', customerActor(customer), null, {
        kind: 'body',
        text: 'Accepted',
        style: 'entities',
      }),
    );
  }
  events.push(
    makeEvent(
      'Conference Member Added',
      customerActor(customer),
      null,
      data(
        ['name', customer.userName ?? ''],
        ['private_ip', customer.privateIp ?? ''],
        ['public_ip', customer.publicIp ?? ''],
        ['hostname', customer.hostName ?? ''],
        ['os', customer.operatingSystem ?? ''],
      ),
    ),
    makeEvent('Conference Member State Changed', customerActor(customer), null, data(['state', 'connected'])),
    makeEvent('Chat Message', system, everyone, chatPart(random, plan.odd)),
  );
  if (owner && random.chance(0.5)) {
    events.push(
      makeEvent(
        'System Information Retrieved',
        representativeActor(owner),
        null,
        systemCategories(random, plan.odd),
      ),
    );
  }
  return events;
}

function middleEvents(plan: EventPlan, before: number): EventFacts[] {
  const { random, start, end } = plan;
  const from = Math.min(end, start + before);
  const somewhen = () => from + random.int(end - from + 1);
  const events: EventFacts[] = [];
  for (let more = plan.count - before - 2; more > 0; more--) {
    const kinds = plan.odd && random.chance(0.35) ? oddKinds : plainKinds;
    const kind = kinds[random.int(kinds.length)];
    const time = somewhen();
    const present = plan.participations.filter(({ joinedAt, leftAt }) => joinedAt <= time && time <= leftAt);
    const representative = present[random.int(present.length)]?.representative;
    if (kind) events.push({ ...kind({ ...plan, representative }), time });
  }
  for (let instance = 0; instance < plan.shells; instance++) {
    const owner = plan.participations[0]?.representative;
    events.push({
      ...makeEvent(
        'Command Shell Session Started',
        owner ? representativeActor(owner) : null,
        customerActor(plan.customer),
        data(...plan.shellData(instance)),
      ),
      time: somewhen(),
    });
  }
  return events;
}

function comingsAndGoings(plan: EventPlan): EventFacts[] {
  return plan.participations.flatMap(({ representative, joinedAt, leftAt }) => {
    const actor = representativeActor(representative);
    const added = makeEvent(
      'Conference Member Added',
      actor,
      null,
      data(
        ['private_name', representative.privateDisplayName ?? ''],
        ['username', representative.userName ?? ''],
        ['public_ip', representative.publicIp ?? ''],
        ['os', representative.operatingSystem ?? ''],
        ['user_id', representative.userId ?? ''],
      ),
    );
    const departed = makeEvent('Conference Member Departed', actor, null);
    return [{ ...added, time: joinedAt }, ...(leftAt < plan.end ? [{ ...departed, time: leftAt }] : [])];
  });
}
