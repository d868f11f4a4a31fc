import { permissionsOf } from '../accounts.ts';
import { notFoundReply, type Reply } from '../reply.ts';
import type { ApiAccount } from '../simulated-appliance.ts';
import type { World } from '../world.ts';
import { checkHealth, getApiInfo, getAppliances, setFailoverRole } from './appliance-commands.ts';
import { getConnectedClientList, getConnectedClients } from './client-commands.ts';
import { type Handler, Refusal, refusalReply } from './command-context.ts';
import { importJumpShortcut } from './jump-shortcuts.ts';
import { getLoggedInReps, getSupportTeams, logoutRep, setRepStatus } from './representative-commands.ts';
import {
  getSessionAttributes,
  joinSession,
  leaveSession,
  setSessionAttributes,
  terminateSession,
  transferSession,
} from './session-commands.ts';
import { createVirtualCustomer, generateSessionKey, sendChatMessage } from './support-commands.ts';

interface Action {
  readonly handle: Handler;
  readonly products: 'RS' | 'both';
  readonly changes: boolean;
}

const read = (handle: Handler, products: Action['products'] = 'both'): Action => ({
  handle,
  products,
  changes: false,
});
const change = (handle: Handler, products: Action['products'] = 'both'): Action => ({
  handle,
  products,
  changes: true,
});

const actions: Readonly<Record<string, Action>> = {
  get_api_info: read(getApiInfo),
  check_health: read(checkHealth),
  get_appliances: read(getAppliances, 'RS'),
  get_logged_in_reps: read(getLoggedInReps),
  get_support_teams: read(getSupportTeams, 'RS'),
  get_connected_client_list: read(getConnectedClientList),
  get_connected_clients: read(getConnectedClients),
  get_session_attributes: read(getSessionAttributes),
  set_session_attributes: change(setSessionAttributes),
  terminate_session: change(terminateSession),
  join_session: change(joinSession),
  leave_session: change(leaveSession, 'RS'),
  transfer_session: change(transferSession, 'RS'),
  set_rep_status: change(setRepStatus, 'RS'),
  logout_rep: change(logoutRep, 'RS'),
  generate_session_key: change(generateSessionKey, 'RS'),
  create_virtual_customer: change(createVirtualCustomer, 'RS'),
  send_chat_message: change(sendChatMessage, 'RS'),
  set_failover_role: change(setFailoverRole),
  import_jump_shortcut: change(importJumpShortcut),
};

/** `/api/command`. A refusal is an error document; a missing permission looks like a missing page (API guide). */
export function commandReply(
  world: World,
  account: ApiAccount,
  parameters: Readonly<Record<string, string>>,
): Reply {
  const { product } = world.settings;
  const name = parameters.action ?? '';
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined || (action.products === 'RS' && product === 'PRA'))
    return refusalReply(world, 'The action is not valid.');
  if (action.changes && !/^full/.test(permissionsOf(product, account).perm_command ?? ''))
    return notFoundReply();
  try {
    return action.handle({ world, account, parameters, now: world.clock.now() });
  } catch (error) {
    if (error instanceof Refusal) return refusalReply(world, error.message);
    throw error;
  }
}
