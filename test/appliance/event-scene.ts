import type { Actor, Customer, Representative } from '../../shared/sessions/session.ts';
import type { Random } from './random.ts';
import type { EventFacts, EventPart, Pair } from './session-facts.ts';

/** What an event may draw on. */
export interface EventScene {
  readonly random: Random;
  readonly odd: boolean;
  readonly product: 'RS' | 'PRA';
  readonly customer: Customer;
  /** The user who acts; none in a session that nobody took up. */
  readonly representative: Representative | undefined;
}

export type EventBody = Omit<EventFacts, 'time'>;
export type EventKind = (scene: EventScene) => EventBody;

export const everyone: Actor = { type: 'everyone', gsNumber: '0', name: 'Everyone' };

export function systemActor(product: 'RS' | 'PRA'): Actor {
  return {
    type: 'system',
    gsNumber: '0',
    name: product === 'RS' ? 'Remote Support' : 'Privileged Remote Access',
  };
}

export function customerActor(customer: Customer): Actor {
  return { type: 'customer', gsNumber: customer.gsNumber, name: customer.name ?? customer.userName };
}

export function representativeActor(representative: Representative): Actor {
  return { type: 'representative', gsNumber: representative.gsNumber, name: representative.displayName };
}

export function makeEvent(
  type: string,
  performedBy: Actor | null,
  destination: Actor | null,
  ...parts: readonly EventPart[]
): EventBody {
  return { type, performedBy, destination, parts };
}

export const data = (...values: readonly Pair[]): EventPart => ({ kind: 'data', values });

export const acting = (scene: EventScene) =>
  scene.representative ? representativeActor(scene.representative) : systemActor(scene.product);
export const endpoint = (scene: EventScene) => customerActor(scene.customer);
export const system = (scene: EventScene) => systemActor(scene.product);
