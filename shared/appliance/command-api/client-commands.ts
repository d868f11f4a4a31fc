import { z } from 'zod';
import { wholeNumber as numberOf } from '../../sessions/read-values.ts';
import { childOf, type XmlElement } from '../../sessions/xml-element.ts';
import { defineCommand } from './command.ts';
import { clientTypes, numericId, oneOf, yesNo } from './parameters.ts';
import {
  attribute,
  childrenNamed,
  listNamed,
  nullableNumber,
  nullableText,
  nullableTime,
  signedNumber,
  textOf,
  timeIn,
} from './reply-parts.ts';

const types = z
  .array(oneOf('Kind of client.', clientTypes))
  .min(1, 'give at least one kind')
  .meta({ description: 'Kinds of clients to return; default all.' })
  .optional();

export const getConnectedClientList = defineCommand({
  name: 'get_connected_client_list',
  title: 'Connected clients, list or summary',
  description:
    'How many clients are connected, by appliance and kind, and their ids. Pinned Jump Clients are counted with kind all only.',
  products: ['RS', 'PRA'],
  access: 'read_only',
  source: 'vendor page',
  isRepeatable: true,
  parameters: z.strictObject({ type: types, summary_only: yesNo('1: the summary only.').optional() }),
  reply: z.object({
    summary: z.array(
      z.object({
        applianceId: nullableText('GUID of the appliance.'),
        counts: z.array(
          z.object({ type: nullableText('Kind of client.'), count: nullableNumber('How many.') }),
        ),
      }),
    ),
    clients: z.array(
      z.object({ id: nullableText('Id while it is connected.'), type: nullableText('Kind.') }),
    ),
  }),
  read(root) {
    const list = listNamed(root, 'connected_client_list');
    return {
      summary: childrenNamed(childOf(list, 'connected_client_summary'), 'appliance_summary').map(
        (summary) => ({
          applianceId: attribute(summary, 'id'),
          counts: childrenNamed(summary, 'count').map((count) => ({
            type: attribute(count, 'type'),
            count: numberOf(count.text),
          })),
        }),
      ),
      clients: childrenNamed(list, 'connected_client').map((client) => ({
        id: attribute(client, 'id'),
        type: attribute(client, 'type'),
      })),
    };
  },
});

/** What the sources name no elements of is given as it comes. */
export interface PlainElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  readonly children: readonly PlainElement[];
}

const plainElement: z.ZodType<PlainElement> = z.lazy(() =>
  z.object({
    name: z.string(),
    attributes: z.record(z.string(), z.string()),
    text: z.string(),
    children: z.array(plainElement),
  }),
);

export const getConnectedClients = defineCommand({
  name: 'get_connected_clients',
  title: 'Connected clients, in detail',
  description: 'Details of connected clients, of all or of those that are named.',
  products: ['RS', 'PRA'],
  access: 'read_only',
  source: 'vendor page',
  isRepeatable: true,
  parameters: z.strictObject({
    type: types,
    id: z
      .array(numericId('Id of a client.'))
      .min(1, 'give at least one id')
      .max(100, { error: ({ input }) => `has ${(input as unknown[]).length} ids, at most 100 are allowed` })
      .meta({ description: 'Ids from get_connected_client_list, at most 100.' })
      .optional(),
    include_connections: yesNo('1: with connections and the log of them.').optional(),
  }),
  reply: z.object({
    clients: z.array(
      z.object({
        id: nullableText('Id while it is connected.'),
        type: z.string().meta({ description: 'representative, support_customer …' }),
        hostname: nullableText('Host name of the computer.'),
        platform: nullableText('Operating system.'),
        timezoneOffset: nullableNumber('Seconds away from UTC.'),
        connectedSince: nullableTime('Since when it is connected.'),
        values: z
          .record(z.string(), z.string())
          .meta({ description: 'All that is said of it, by element name.' }),
        connections: plainElement.nullable(),
      }),
    ),
  }),
  read: (root) => ({
    clients: listNamed(root, 'connected_clients')
      .children.filter(({ name }) => name.startsWith('connected_'))
      .map(readClient),
  }),
});

function readClient(element: XmlElement) {
  const connections = childOf(element, 'client_connections');
  const leaves = element.children.filter(({ children }) => children.length === 0);
  return {
    id: attribute(element, 'id'),
    type: element.name.slice('connected_'.length),
    hostname: textOf(element, 'hostname'),
    platform: textOf(element, 'platform'),
    timezoneOffset: signedNumber(textOf(element, 'timezone_offset')),
    connectedSince: timeIn(element, 'connected_since'),
    values: Object.fromEntries(leaves.map(({ name, text }) => [name, text.trim()])),
    connections: connections === undefined ? null : plain(connections),
  };
}

function plain(element: XmlElement): PlainElement {
  const attributes: Record<string, string> = {};
  for (let at = 0; at + 1 < element.attributes.length; at += 2)
    attributes[element.attributes[at] ?? ''] = element.attributes[at + 1] ?? '';
  return { name: element.name, attributes, text: element.text.trim(), children: element.children.map(plain) };
}
