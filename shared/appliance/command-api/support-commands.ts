import { z } from 'zod';
import { wholeNumber as numberOf } from '../../sessions/read-values.ts';
import { defineCommand } from './command.ts';
import { customAttributes, oneOf, text, wholeNumber } from './parameters.ts';
import { nullableNumber, nullableText, nullableTime, textOf, timeIn } from './reply-parts.ts';

export const generateSessionKey = defineCommand({
  name: 'generate_session_key',
  title: 'Generate a session key',
  description: 'A key and a URL by which a customer starts a support session in a queue.',
  products: ['RS'],
  access: 'full_access',
  source: 'vendor page',
  // Each makes another key.
  isRepeatable: false,
  parameters: z.strictObject({
    type: oneOf('Kind of session.', ['support']).default('support'),
    queue_id: text('general, rep:ID, team:ID, rep_username:NAME or issue:CODE_NAME.', {
      pattern: [
        /^(general|rep:\d+|team:\d+|embassy:\d+|rep_username:\S.*|issue:\S+)$/,
        'give general, rep:ID, team:ID, rep_username:NAME or issue:CODE_NAME',
      ],
    }),
    ttl: wholeNumber('Seconds that the key is valid.', 1, 2_147_483_647).optional(),
    custom: customAttributes.optional(),
    'session.priority': wholeNumber('1 high, 2 medium, 3 low.', 1, 3).optional(),
    'session.skills': z
      .array(text('Code name of a skill.', { pattern: [/^[^,]+$/, 'is no code name of a skill'] }))
      .min(1, 'give at least one skill')
      .meta({ description: 'Code names of the skills that the session needs.' })
      .optional(),
    url_hostname: text('Host name of the public site that the URL is to lead to.', {
      pattern: [/^[A-Za-z0-9.-]+$/, 'give a host name'],
    }).optional(),
  }),
  reply: z.object({
    type: nullableText('Kind of session.'),
    shortKey: nullableText('The key that a customer types in.'),
    keyUrl: nullableText('The URL: whoever has it starts the session.'),
    ttl: nullableNumber('Seconds that the key is valid.'),
    expires: nullableTime('When the key ends.'),
    queue: nullableText('Name of the queue.'),
    queueId: nullableText('Id of the queue.'),
    externalKey: nullableText('External key.'),
    mailSubject: nullableText('Subject of an invitation.'),
    mailBody: nullableText('Text of an invitation, with the URL.'),
  }),
  read: (root) => ({
    type: textOf(root, 'type'),
    shortKey: textOf(root, 'short_key'),
    keyUrl: textOf(root, 'key_url'),
    ttl: numberOf(textOf(root, 'ttl')),
    expires: timeIn(root, 'expires'),
    queue: textOf(root, 'queue'),
    queueId: textOf(root, 'queue_id'),
    externalKey: textOf(root, 'external_key'),
    mailSubject: textOf(root, 'mail_subject'),
    mailBody: textOf(root, 'mail_body'),
  }),
});

export const createVirtualCustomer = defineCommand({
  name: 'create_virtual_customer',
  title: 'Create a virtual customer',
  description: 'Puts a customer without a client, who writes through a chat bot, into a new session.',
  products: ['RS'],
  access: 'full_access',
  since: '1.21.0',
  source: 'vendor page',
  isRepeatable: false,
  parameters: z.strictObject({
    short_key: text('The key from generate_session_key.', { pattern: [/^\S{1,64}$/, 'give a short key'] }),
    name: text('Display name of the customer.'),
    ip_address: text('Public address of the customer.', {
      pattern: [/^[0-9A-Fa-f.:]+$/, 'give an IP address'],
    }),
    operating_system: text('Operating system of the customer.'),
    computer_name: text('Name of the computer that is shown.'),
    locale: text('Code of an installed language, as en-us.', {
      pattern: [/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, 'give a code of a language, as en-us'],
    }).optional(),
    public_site: text('Host name of the public site for the URL (24.3 and later).').optional(),
  }),
  reply: z.object({
    downloadUrl: nullableText('URL of the full client: whoever has it goes on with the session.'),
    chatUrl: nullableText('URL of the chat, likewise.'),
    lsid: nullableText('Id of the new session, where it is told.'),
  }),
  read: (root) => ({
    downloadUrl: textOf(root, 'download_url'),
    chatUrl: textOf(root, 'chat_url'),
    lsid: textOf(root, 'lsid'),
  }),
});
