import { hash } from 'node:crypto';
import { element } from '../xml-element.ts';
import { isoTime } from '../xml-text.ts';
import {
  activeSession,
  customFields,
  type Handler,
  refuse,
  required,
  rootReply,
  successReply,
} from './command-context.ts';
import { checkQueue } from './session-commands.ts';
import { loggedIn, teamList } from './staff.ts';

export const generateSessionKey: Handler = (context) => {
  const { world, parameters, now } = context;
  if (required(context, 'type') !== 'support') refuse('The type has to be support.');
  const queue = required(context, 'queue_id');
  checkQueue(context, queue, ['general', 'rep', 'team', 'rep_username', 'issue']);
  const ttl = parameters.ttl ?? '3600';
  if (!/^[1-9]\d*$/.test(ttl)) refuse('The ttl is not valid.');
  if (!['1', '2', '3'].includes(parameters['session.priority'] ?? '2')) refuse('The priority is not valid.');
  const external = customFields(context).get('external_key') ?? '';
  const serial = world.operations.sessionKeys.size;
  const digits = hash('sha256', `key ${world.secret} ${serial}`, 'hex');
  const key = String(1_000_000 + (Number.parseInt(digits.slice(0, 8), 16) % 9_000_000));
  const host = parameters.url_hostname ?? world.settings.siteHost;
  const url = `https://${host}/?ak=${digits.slice(0, 32)}`;
  world.operations.sessionKeys.set(key, parameters);
  return rootReply(
    context,
    'session_key',
    element(1, 'type', 'support') +
      element(1, 'ttl', ttl) +
      element(1, 'expires', isoTime(now + Number(ttl)), 'entities', { ts: String(now + Number(ttl)) }) +
      element(1, 'queue', 'Queue') +
      element(1, 'queue_id', queue) +
      element(1, 'external_key', external) +
      element(1, 'short_key', key) +
      element(1, 'key_url', url) +
      element(1, 'mail_subject', 'Support session') +
      element(1, 'mail_body', `Please open ${url}`),
  );
};

export const createVirtualCustomer: Handler = (context) => {
  const { operations, settings, ids, population } = context.world;
  for (const name of ['short_key', 'name', 'ip_address', 'operating_system', 'computer_name'])
    required(context, name);
  const key = required(context, 'short_key');
  if (!operations.sessionKeys.has(key)) refuse('The session key is not valid.');
  operations.virtualCustomers.push(context.parameters);
  const host = context.parameters.public_site ?? settings.siteHost;
  return rootReply(
    context,
    'virtual_customer',
    element(1, 'lsid', ids.lsid(population.count + operations.virtualCustomers.length)) +
      element(1, 'download_url', `https://${host}/?vc=${key}`),
  );
};

export const sendChatMessage: Handler = (context) => {
  const { parameters, world } = context;
  const { lsid, team_id: team, impersonate, to_rep: to, to_rep_username: toName } = parameters;
  if ((lsid === undefined) === (team === undefined)) refuse('Either lsid or team_id is required.');
  if (lsid !== undefined) activeSession(context);
  if (team !== undefined && !teamList.some(({ id }) => id === team)) refuse('There is no such team.');
  required(context, 'body');
  if (impersonate === 'customer' && team !== undefined) refuse('A customer is in no team.');
  const [, kind, who] = /^(rep|rep_username):(.+)$/.exec(impersonate ?? '') ?? [];
  if (impersonate !== undefined && impersonate !== 'customer') {
    const found = loggedIn(world).some(
      ({ userId, userName }) => (kind === 'rep' ? userId : userName) === who,
    );
    if (!found) refuse('The representative is not logged in.');
  }
  if ((to !== undefined || toName !== undefined) && (team === undefined || impersonate === undefined))
    refuse('A private message needs team_id and impersonate.');
  world.operations.chatMessages.push(parameters);
  return successReply(context, 'Message sent');
};
