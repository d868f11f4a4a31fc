import { z } from 'zod';
import type { Command } from '../appliance/command-api/command.ts';
import { commands } from '../appliance/command-api/index.ts';
import { Failure } from '../errors.ts';
import { slug } from '../settings/names.ts';
import { askSite, siteNamed } from './at-site.ts';
import { type Operation, operation } from './operation.ts';

const params = z.object({ id: slug.meta({ description: 'Id of the site.' }) });

const titles = { RS: 'Remote Support', PRA: 'Privileged Remote Access' } as const;

/** Replies that open something on the appliance: they are given to whoever asks, and kept nowhere. */
const unkept: readonly string[] = ['generate_session_key', 'create_virtual_customer'];

/**
 * One operation for each action of the command API, made from its registry: what reads asks for an Operator, what changes
 * something on an appliance for an Administrator.
 */
export const commandOperations: readonly Operation[] = Object.values<Command>(commands).map(commandOperation);

function commandOperation(command: Command): Operation {
  const { name, title, access, parameters, reply } = command;
  const reads = access === 'read_only';
  return operation({
    id: `command${camelCase(name)}`,
    method: 'post',
    path: `/sites/{id}/commands/${name}`,
    summary: title,
    description: descriptionOf(command),
    tag: 'Commands',
    role: reads ? 'Operator' : 'Administrator',
    audit: reads ? 'none' : 'change',
    idempotent: !reads && !unkept.includes(name),
    params,
    body: parameters,
    bodyOptional: parameters.safeParse({}).success,
    answers: { 200: { description: 'What the appliance replied', schema: reply } },
    async handle({ context, services, params: { id }, body }) {
      const site = await siteNamed(services, id);
      const { commands: client } = services.commands(site);
      const answer = await askSite(services, site, (signal) =>
        client.runByName(name, body, { signal }).catch((error: unknown) => {
          throw told(command, error);
        }),
      );
      // No value: keys, attributes and texts of chats are the appliance's affair.
      services.log.info('Command sent to the appliance', { site: id, command: name });
      return context.json(answer as object);
    },
  });
}

/** What was cut off for taking too long may have been done. */
function told({ name, isRepeatable }: Command, error: unknown): unknown {
  if (isRepeatable || !(error instanceof Failure) || error.code !== 'cancelled') return error;
  const message = `${name} was sent, and no answer came in time: it is not known whether it was done. Look before you send it again.`;
  return new Failure('terminal', 'outcome-unknown', message, { cause: error });
}

export function camelCase(name: string): string {
  return name.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function descriptionOf({ description, products, access, since, source, isRepeatable }: Command): string {
  const only = products.map((product) => titles[product]).join(' and ');
  return [
    description,
    `For ${only}${since === undefined ? '' : `, API ${since} or later`}.`,
    `The API account needs the command API ${access === 'read_only' ? 'at least read only' : 'with full access'}.`,
    isRepeatable
      ? 'Sent again by itself when the answer is lost.'
      : 'Sent once: when the answer is lost, the error `outcome-unknown` says so. Look before you send it again.',
    ...(source === 'unverified' ? ['Its form is inferred: no public source shows it whole.'] : []),
    'Errors: `bad-request` with the parameter (nothing was sent), `unknown-site`, `not-of-this-product`, `no-permission`, `unknown-session`, `session-not-active`, `command-refused`, `site-busy`, and what keeps the appliance from being reached.',
  ].join(' ');
}
