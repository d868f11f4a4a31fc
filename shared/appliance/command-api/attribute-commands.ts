import { z } from 'zod';
import { defineCommand } from './command.ts';
import { customAttributes, lsid } from './parameters.ts';
import { attribute, childrenNamed, doneReply, listNamed, nullableText, readDone } from './reply-parts.ts';

export const getSessionAttributes = defineCommand({
  name: 'get_session_attributes',
  title: 'Attributes of a session',
  description: 'The custom attributes of an active session.',
  products: ['RS', 'PRA'],
  access: 'read_only',
  source: 'guide',
  isRepeatable: true,
  parameters: z.strictObject({ lsid }),
  reply: z.object({
    attributes: z.array(
      z.object({
        displayName: nullableText('Display name of the field.'),
        codeName: nullableText('Code name of the field.'),
        value: z.string(),
      }),
    ),
  }),
  read: (root) => ({
    attributes: childrenNamed(listNamed(root, 'custom_attributes'), 'custom_attribute').map((element) => ({
      displayName: attribute(element, 'display_name'),
      codeName: attribute(element, 'code_name'),
      value: element.text,
    })),
  }),
});

export const setSessionAttributes = defineCommand({
  name: 'set_session_attributes',
  title: 'Set attributes of a session',
  description:
    'Sets the external key and custom attributes of an active session. What is left out keeps its value, what is empty is cleared.',
  products: ['RS', 'PRA'],
  access: 'full_access',
  source: 'guide',
  isRepeatable: true,
  parameters: z.strictObject({ lsid, custom: customAttributes.optional() }),
  reply: doneReply,
  read: readDone,
});
