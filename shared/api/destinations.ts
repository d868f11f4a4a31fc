import { z } from 'zod';
import { destinationSchema } from '../settings/destination.ts';
import { destinationIn } from '../settings/named-item.ts';
import { bareSecretName } from '../settings/names.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { testDestination } from './destination-test.ts';
import { type Operation, operation } from './operation.ts';
import { failureSchema } from './run-answers.ts';
import { listOperation, partOperations } from './settings-parts.ts';

const tag = 'Destinations';

const result = {
  200: {
    description: 'What came of it',
    schema: z
      .object({
        ok: z.boolean().meta({ description: 'It was written, read back and removed.' }),
        seconds: z.number(),
        failure: failureSchema.optional(),
      })
      .meta({ id: 'DestinationTest' }),
  },
};

const part = { list: 'destinations', name: 'Destination', schema: destinationSchema, tag } as const;

export const destinationOperations: readonly Operation[] = [
  listOperation(part),
  ...partOperations(part),
  operation({
    id: 'testDestination',
    method: 'post',
    path: '/destinations/{id}/test',
    summary: 'Writes something to a destination, reads it back and removes it',
    tag,
    role: 'Operator',
    idempotent: false,
    params: z.object({ id: z.string().meta({ description: 'Id of the destination.' }) }),
    answers: result,
    async handle({ context, services, params: { id } }) {
      const { settings } = await loadSettings(services.state);
      return context.json(await testDestination(services, destinationIn(settings, id)));
    },
  }),
  operation({
    id: 'testDestinationDraft',
    method: 'post',
    path: '/destinations/test',
    summary: 'The same for a destination before it is saved',
    tag,
    role: 'Administrator',
    idempotent: false,
    body: z.strictObject({
      destination: destinationSchema,
      secrets: z.record(z.string().regex(bareSecretName), z.string().min(1).max(25_000)).optional().meta({
        writeOnly: true,
        description:
          'Values of secrets by the names that the settings have, for this test only: they are neither stored nor logged.',
      }),
    }),
    answers: result,
    handle: async ({ context, services, body: { destination, secrets } }) =>
      context.json(await testDestination(services, destination, secrets)),
  }),
];
