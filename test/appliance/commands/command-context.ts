import { errorReply, namespaceAttribute, type Reply, xmlReply } from '../reply.ts';
import type { ApiAccount } from '../simulated-appliance.ts';
import type { World } from '../world.ts';
import { element, wrap } from '../xml-element.ts';

/** What a command works with. */
export interface CommandContext {
  readonly world: World;
  readonly account: ApiAccount;
  readonly parameters: Readonly<Record<string, string>>;
  readonly now: number;
}

export type Handler = (context: CommandContext) => Reply;

/** Ends a command with an error document. */
export class Refusal extends Error {}

/** The two namespaces differ in their last word only (observed). */
export function commandNamespace(reporting: string): string {
  return reporting.replace(/reporting$/, 'command');
}

export function refuse(message: string): never {
  throw new Refusal(message);
}

export function refusalReply({ settings }: World, message: string): Reply {
  return errorReply(commandNamespace(settings.namespace), message);
}

export function rootReply({ world }: CommandContext, name: string, inner: string): Reply {
  const namespace = namespaceAttribute(commandNamespace(world.settings.namespace));
  return xmlReply(wrap(0, name, inner).trimEnd().replace(`<${name}>`, `<${name}${namespace}>`));
}

export function successReply({ world }: CommandContext, words: string): Reply {
  const namespace = namespaceAttribute(commandNamespace(world.settings.namespace));
  return xmlReply(element(0, 'success', words).trimEnd().replace('<success>', `<success${namespace}>`));
}

export function required({ parameters }: CommandContext, name: string): string {
  const value = parameters[name];
  if (value === undefined || value === '') refuse(`The parameter ${name} is required.`);
  return value;
}

export function flagOf({ parameters }: CommandContext, name: string): boolean {
  const value = parameters[name] ?? '0';
  if (value !== '0' && value !== '1') refuse(`The parameter ${name} has to be 1 or 0.`);
  return value === '1';
}

/** The session's id. Only sessions that are running can be worked with. */
export function activeSession(context: CommandContext): string {
  const { world, now } = context;
  const lsid = required(context, 'lsid');
  const index = world.find(lsid, now);
  if (index === undefined) refuse('Invalid lsid.');
  const isOver =
    world.generator.facts(index, now).state !== 'running' || world.operations.terminated.has(lsid);
  if (isOver) refuse('The session is not active.');
  return lsid;
}

const configuredFields: Readonly<Record<string, string>> = {
  external_key: 'External Key',
  change_window: 'Change Window',
  cost_centre: 'Cost Centre',
  floor: 'Floor',
  custom_field1: 'Custom Field 1',
  custom_field2: 'Custom Field 2',
};

export const displayNameOf = (code: string): string => configuredFields[code] ?? code;

/** `session.custom.*`, with the limits of the guide. */
export function customFields({ parameters }: CommandContext): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  let bytes = 0;
  for (const [name, value] of Object.entries(parameters)) {
    const code = /^session\.custom\.(.+)$/.exec(name)?.[1];
    if (code === undefined) continue;
    if (!(code in configuredFields)) refuse(`There is no custom field ${code}.`);
    if (Array.from(value).length > 1024) refuse(`The custom field ${code} is too long.`);
    bytes += new TextEncoder().encode(value).length;
    fields.set(code, value);
  }
  if (bytes > 10 * 1024) refuse('The custom fields are too large.');
  return fields;
}
