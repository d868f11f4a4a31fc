import type { z } from 'zod';
import { Failure } from '../../errors.ts';
import { checkHealth, getApiInfo, getAppliances, setFailoverRole } from './appliance-commands.ts';
import { getSessionAttributes, setSessionAttributes } from './attribute-commands.ts';
import { getConnectedClientList, getConnectedClients } from './client-commands.ts';
import type { Command } from './command.ts';
import { importJumpShortcut } from './jump-shortcut.ts';
import { getLoggedInReps, getSupportTeams, logoutRep, setRepStatus } from './representative-commands.ts';
import {
  joinSession,
  leaveSession,
  sendChatMessage,
  terminateSession,
  transferSession,
} from './session-commands.ts';
import { createVirtualCustomer, generateSessionKey } from './support-commands.ts';

/** Every action of the command API by its name. */
export const commands = {
  get_api_info: getApiInfo,
  check_health: checkHealth,
  get_appliances: getAppliances,
  set_failover_role: setFailoverRole,
  get_logged_in_reps: getLoggedInReps,
  set_rep_status: setRepStatus,
  logout_rep: logoutRep,
  get_support_teams: getSupportTeams,
  get_connected_client_list: getConnectedClientList,
  get_connected_clients: getConnectedClients,
  generate_session_key: generateSessionKey,
  create_virtual_customer: createVirtualCustomer,
  send_chat_message: sendChatMessage,
  join_session: joinSession,
  leave_session: leaveSession,
  transfer_session: transferSession,
  terminate_session: terminateSession,
  get_session_attributes: getSessionAttributes,
  set_session_attributes: setSessionAttributes,
  import_jump_shortcut: importJumpShortcut,
} as const satisfies Record<string, Command>;

export type CommandName = keyof typeof commands;
export type CommandParameters<N extends CommandName> = z.input<(typeof commands)[N]['parameters']>;
export type CommandReply<N extends CommandName> = z.output<(typeof commands)[N]['reply']>;

/** Throws terminal `unknown-command`. */
export function commandNamed(name: string): Command {
  if (Object.hasOwn(commands, name)) return commands[name as CommandName];
  const shown = name.replace(/[^\w.-]/g, '?').slice(0, 80);
  throw new Failure('terminal', 'unknown-command', `There is no command ${shown}.`);
}
