import { z } from 'zod';
import { Failure } from '../errors.ts';
import { bareSecretName } from '../settings/names.ts';
import { secretStates } from '../settings/secret-uses.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { nameOf } from './caller.ts';
import { type Operation, operation } from './operation.ts';
import { secretStateSchema } from './settings-answers.ts';

/** Which secrets the settings name and whether they are set. Values can be set, and are never given out. */
export const secretOperations: readonly Operation[] = [
  operation({
    id: 'listSecrets',
    method: 'get',
    path: '/secrets',
    summary: 'Which secrets the settings name, and whether they are set',
    tag: 'Settings',
    role: 'Reader',
    answers: {
      200: {
        description: 'Names and states; never a value',
        schema: z.object({ writable: z.boolean(), secrets: z.array(secretStateSchema) }),
      },
    },
    async handle({ context, services: { state, secrets } }) {
      const { settings } = await loadSettings(state);
      return context.json({
        writable: secrets.set !== undefined,
        secrets: await secretStates(secrets, settings),
      });
    },
  }),
  operation({
    id: 'putSecret',
    method: 'put',
    path: '/secrets/{name}',
    summary: 'Sets the value of a secret; it is never given out',
    tag: 'Settings',
    role: 'Administrator',
    params: z.object({
      name: z
        .string()
        .regex(bareSecretName, 'the name of a secret has letters, digits and hyphens only, at most 127'),
    }),
    body: z.strictObject({
      value: z
        .string()
        .min(1)
        .max(25_000)
        .meta({ description: "Key Vault's limit is 25 KB.", writeOnly: true }),
    }),
    answers: { 204: { description: 'Set' } },
    async handle({ context, services: { secrets, log }, params: { name }, body: { value } }) {
      if (!secrets.set)
        throw new Failure(
          'terminal',
          'secrets-read-only',
          `Secrets of this installation are application settings; set SECRET_${name.toUpperCase().replaceAll('-', '_')}, or use a Key Vault.`,
        );
      await secrets.set(name, value);
      log.info('Secret set', { secret: name, by: nameOf(context) });
      return context.body(null, 204);
    },
  }),
];
