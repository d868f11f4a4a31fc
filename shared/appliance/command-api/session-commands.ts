import { z } from 'zod';
import { defineCommand } from './command.ts';
import { anyText, given, lsid, numericId, representative, text } from './parameters.ts';
import { doneReply, readDone } from './reply-parts.ts';

export const joinSession = defineCommand({
  name: 'join_session',
  title: 'Add a representative to a session',
  description: 'Adds a logged-in representative to a session.',
  // The PRA guide lists the action and has no section for it.
  products: ['RS', 'PRA'],
  access: 'full_access',
  source: 'vendor page',
  isRepeatable: true,
  parameters: z
    .strictObject({ lsid, ...representative })
    .refine((parameters) => given(parameters, ['rep_id', 'rep_username']) === 1, {
      path: ['rep_id'],
      error: 'give either rep_id or rep_username',
    }),
  reply: doneReply,
  read: readDone,
});

export const leaveSession = defineCommand({
  name: 'leave_session',
  title: 'Take somebody out of a session',
  description: 'Removes a representative, or the customer, from a session.',
  products: ['RS'],
  access: 'full_access',
  source: 'vendor page',
  isRepeatable: true,
  parameters: z
    .strictObject({
      lsid,
      ...representative,
      customer: z
        .literal(true, { error: 'can only be 1' })
        .meta({ type: 'boolean', description: '1: the customer is removed.' })
        .optional(),
    })
    .refine((parameters) => given(parameters, ['rep_id', 'rep_username', 'customer']) === 1, {
      path: ['rep_id'],
      error: 'give one of rep_id, rep_username and customer',
    }),
  reply: doneReply,
  read: readDone,
});

export const transferSession = defineCommand({
  name: 'transfer_session',
  title: 'Transfer a session',
  description: 'Moves an active session to another queue.',
  products: ['RS'],
  access: 'full_access',
  source: 'vendor page',
  // By the time of a second one somebody may have moved it on.
  isRepeatable: false,
  parameters: z.strictObject({
    lsid,
    queue_id: text('rep:ID, team:ID or rep_username:NAME.', {
      pattern: [/^(rep:\d+|team:\d+|rep_username:\S.*)$/, 'give rep:ID, team:ID or rep_username:NAME'],
    }),
  }),
  reply: doneReply,
  read: readDone,
});

export const terminateSession = defineCommand({
  name: 'terminate_session',
  title: 'Terminate a session',
  description: 'Ends a session that is in progress.',
  products: ['RS', 'PRA'],
  access: 'full_access',
  source: 'guide',
  // A second one meets a session that is over, and would tell a failure where there was none.
  isRepeatable: false,
  parameters: z.strictObject({ lsid }),
  reply: doneReply,
  read: readDone,
});

export const sendChatMessage = defineCommand({
  name: 'send_chat_message',
  title: 'Send a chat message',
  description:
    'Sends a message to a session, or to a team, as the system or in the name of somebody who is in it.',
  products: ['RS'],
  access: 'full_access',
  since: '1.21.0',
  source: 'vendor page',
  isRepeatable: false,
  parameters: z
    .strictObject({
      lsid: lsid.optional(),
      team_id: numericId('Id of the support team, instead of a session.').optional(),
      body: anyText('The message; BBCode is understood.').refine((value) => value !== '', 'is empty'),
      impersonate: text('customer (of a session), rep:ID or rep_username:NAME.', {
        pattern: [/^(customer|rep:\d+|rep_username:\S.*)$/, 'give customer, rep:ID or rep_username:NAME'],
      }).optional(),
      to_rep: numericId('User id: a private message in the team, sent by whom impersonate names.').optional(),
      to_rep_username: text('User name, instead of to_rep.').optional(),
    })
    .refine((parameters) => given(parameters, ['lsid', 'team_id']) === 1, {
      path: ['lsid'],
      error: 'give either lsid or team_id',
    })
    .refine(({ impersonate, team_id }) => impersonate !== 'customer' || team_id === undefined, {
      path: ['impersonate'],
      error: 'customer is only for a session',
    })
    .refine((parameters) => given(parameters, ['to_rep', 'to_rep_username']) < 2, {
      path: ['to_rep'],
      error: 'give either to_rep or to_rep_username',
    })
    .refine(
      (parameters) =>
        given(parameters, ['to_rep', 'to_rep_username']) === 0 ||
        given(parameters, ['team_id', 'impersonate']) === 2,
      { path: ['to_rep'], error: 'needs team_id and impersonate' },
    ),
  reply: doneReply,
  read: readDone,
});
