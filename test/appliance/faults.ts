import type { FaultKind, FaultMatch, FaultPlan } from './simulated-appliance.ts';

/** What a fault is matched against. */
export interface FaultTarget {
  readonly request: string;
  /** `token`, `command`, `reporting`, `backup`, `health`. */
  readonly category: string;
  readonly lsids: readonly string[];
}

interface Order {
  readonly fault: FaultKind;
  readonly match: FaultMatch;
  times: number;
  after: number;
}

/** Faults in the order they were added. The first that is due meets the request; those behind it do not count it. */
export class Faults implements FaultPlan {
  #orders: Order[] = [];

  add(fault: FaultKind, match: FaultMatch = {}): void {
    this.#orders.push({ fault, match, times: match.times ?? 1, after: match.after ?? 0 });
  }

  clear(): void {
    this.#orders = [];
  }

  /** A refusal for every connection is decided before anything of the request is known. */
  meetConnection(): FaultKind | undefined {
    return this.#meet((order) => beforeRequest(order));
  }

  meetRequest(target: FaultTarget): FaultKind | undefined {
    return this.#meet(
      (order) =>
        !beforeRequest(order) &&
        [undefined, target.request, target.category].includes(order.match.request) &&
        (order.match.lsid === undefined || target.lsids.includes(order.match.lsid)),
    );
  }

  #meet(matches: (order: Order) => boolean): FaultKind | undefined {
    for (const order of this.#orders) {
      if (order.times <= 0 || !matches(order)) continue;
      if (order.after > 0) {
        order.after--;
        continue;
      }
      order.times--;
      if (order.times <= 0) this.#orders = this.#orders.filter((other) => other !== order);
      return order.fault;
    }
    return undefined;
  }
}

function beforeRequest({ fault, match }: Order): boolean {
  return fault.kind === 'refuse' && match.request === undefined && match.lsid === undefined;
}
