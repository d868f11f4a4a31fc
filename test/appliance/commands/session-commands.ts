import { element } from '../xml-element.ts';
import {
  activeSession,
  type CommandContext,
  customFields,
  displayNameOf,
  flagOf,
  type Handler,
  refuse,
  required,
  rootReply,
  successReply,
} from './command-context.ts';
import { loggedIn, namedRepresentative, teamList } from './staff.ts';

/** What the seed says of the session, and over it what was set. */
export function attributesOf({ world, now }: CommandContext, lsid: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  const index = world.find(lsid, now);
  if (index !== undefined) {
    const { session } = world.generator.facts(index, now);
    if (session.externalKey !== null) attributes.set('external_key', session.externalKey);
    for (const { codeName, value } of session.customAttributes) attributes.set(codeName ?? '', value ?? '');
  }
  for (const [code, value] of world.operations.attributes.get(lsid) ?? []) attributes.set(code, value);
  return attributes;
}

export const getSessionAttributes: Handler = (context) => {
  const lsid = activeSession(context);
  const list = [...attributesOf(context, lsid)].map(([code, value]) =>
    element(1, 'custom_attribute', value, 'entities', { display_name: displayNameOf(code), code_name: code }),
  );
  return rootReply(context, 'custom_attributes', list.join(''));
};

export const setSessionAttributes: Handler = (context) => {
  const lsid = activeSession(context);
  const { attributes } = context.world.operations;
  const known = attributes.get(lsid) ?? new Map<string, string>();
  for (const [code, value] of customFields(context)) known.set(code, value);
  attributes.set(lsid, known);
  return successReply(context, 'Session attributes were set');
};

export const terminateSession: Handler = (context) => {
  context.world.operations.terminated.add(activeSession(context));
  return successReply(context, 'Successfully terminated');
};

export const joinSession: Handler = (context) => {
  const lsid = activeSession(context);
  const { userId } = namedRepresentative(context);
  context.world.operations.membership.push({ lsid, change: `+rep:${userId}` });
  return successReply(context, 'Representative successfully added');
};

export const leaveSession: Handler = (context) => {
  const lsid = activeSession(context);
  const { customer, rep_id: id, rep_username: name } = context.parameters;
  if ([customer, id, name].filter((value) => value !== undefined).length !== 1)
    refuse('One of rep_id, rep_username and customer is required.');
  if (customer !== undefined && !flagOf(context, 'customer')) refuse('customer has to be 1.');
  const who = customer === undefined ? `rep:${namedRepresentative(context).userId}` : 'customer';
  context.world.operations.membership.push({ lsid, change: `-${who}` });
  return successReply(context, 'Successfully removed');
};

export const transferSession: Handler = (context) => {
  const lsid = activeSession(context);
  const queue = required(context, 'queue_id');
  checkQueue(context, queue, ['rep', 'team', 'rep_username']);
  context.world.operations.queues.set(lsid, queue);
  return successReply(context, 'Successfully transferred');
};

/** Throws a refusal for a queue that is not there. */
export function checkQueue({ world }: CommandContext, queue: string, kinds: readonly string[]): void {
  const [, kind = '', value = ''] = /^([a-z_]+):(.+)$/.exec(queue) ?? [];
  if (queue === 'general' && kinds.includes('general')) return;
  const found =
    kinds.includes(kind) &&
    (kind === 'rep'
      ? loggedIn(world).some(({ userId }) => userId === value)
      : kind === 'rep_username'
        ? loggedIn(world).some(({ userName }) => userName === value)
        : kind === 'team'
          ? teamList.some(({ id }) => id === value)
          : teamList.some(({ id }) => `issue_${id}` === value));
  if (!found) refuse('The queue is not valid.');
}
