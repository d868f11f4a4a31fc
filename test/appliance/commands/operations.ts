import type { Settings } from '../options.ts';

type Fields = Readonly<Record<string, string>>;

/** What commands changed on the appliance, for tests to look at. Reports go on telling what the seed says. */
export interface Operations {
  /** lsid → code name → value, of attributes that were set. */
  readonly attributes: Map<string, Map<string, string>>;
  readonly terminated: Set<string>;
  /** lsid → queue. */
  readonly queues: Map<string, string>;
  /** lsid → `rep:ID`, `rep_username:NAME` or `customer`, with a sign: `+rep:5`. */
  readonly membership: { readonly lsid: string; readonly change: string }[];
  /** User id → code name of the status. */
  readonly statuses: Map<string, string>;
  readonly loggedOut: Set<string>;
  readonly jumpShortcuts: Fields[];
  /** By short key. */
  readonly sessionKeys: Map<string, Fields>;
  readonly virtualCustomers: Fields[];
  readonly chatMessages: Fields[];
  failoverRole: 'none' | 'primary' | 'backup';
  readonly failovers: Fields[];
  /** Whether a Ticket System URL is configured. */
  hasTicketSystem: boolean;
  /** Requests for approval that wait for their answer, by id; taken out when it comes. */
  readonly approvalsWaiting: Set<string>;
  readonly approvals: Fields[];
}

export function createOperations(settings: Settings): Operations {
  return {
    attributes: new Map(),
    terminated: new Set(),
    queues: new Map(),
    membership: [],
    statuses: new Map(),
    loggedOut: new Set(),
    jumpShortcuts: [],
    sessionKeys: new Map(),
    virtualCustomers: [],
    chatMessages: [],
    failoverRole: 'none',
    failovers: [],
    hasTicketSystem: settings.product === 'PRA',
    approvalsWaiting: new Set(),
    approvals: [],
  };
}
