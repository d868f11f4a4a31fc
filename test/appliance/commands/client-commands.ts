import type { World } from '../world.ts';
import { element, wrap } from '../xml-element.ts';
import { isoTime } from '../xml-text.ts';
import { applianceId } from './appliance-commands.ts';
import { type CommandContext, flagOf, type Handler, refuse, rootReply } from './command-context.ts';
import { loggedIn } from './staff.ts';

const kinds = ['representative', 'support_customer', 'presentation_attendee', 'push_agent'];

interface Client {
  readonly id: string;
  readonly kind: string;
  readonly hostname: string;
  readonly platform: string;
  readonly since: number;
}

/** Consoles of who is logged in, customers of running sessions, and two Jumpoints. */
function clientsOf(world: World, now: number): Client[] {
  const consoles = loggedIn(world).map((user) => ({
    id: String(1000 + Number(user.userId)),
    kind: 'representative',
    hostname: user.hostName ?? '',
    platform: user.operatingSystem ?? 'Unknown',
    since: now - 600,
  }));
  const customers: Client[] = [];
  for (const index of world.population.startedIn(now - 86_400, now, now)) {
    const { state, session } = world.generator.facts(index, now);
    if (state !== 'running' || world.operations.terminated.has(session.lsid)) continue;
    for (const customer of session.customers)
      customers.push({
        id: String(2000 + index),
        kind: 'support_customer',
        hostname: customer.hostName ?? '',
        platform: customer.operatingSystem ?? 'Unknown',
        since: session.startTime ?? now,
      });
  }
  const jumpoints = ['London', 'Network01'].map((hostname, at) => ({
    id: String(9000 + at),
    kind: 'push_agent',
    hostname,
    platform: 'Windows Server 2022',
    since: now - 86_400,
  }));
  return [...consoles, ...customers, ...jumpoints];
}

function wantedKinds({ parameters }: CommandContext): readonly string[] {
  const wanted = (parameters.type ?? 'all').split(',');
  if (wanted.some((kind) => kind !== 'all' && !kinds.includes(kind))) refuse('The type is not valid.');
  return wanted.includes('all') ? kinds : wanted;
}

export const getConnectedClientList: Handler = (context) => {
  const wanted = wantedKinds(context);
  const clients = clientsOf(context.world, context.now).filter(({ kind }) => wanted.includes(kind));
  const counts = wanted
    .map((type) =>
      element(3, 'count', String(clients.filter(({ kind }) => kind === type).length), 'entities', { type }),
    )
    .join('');
  const summary = wrap(
    1,
    'connected_client_summary',
    wrap(2, 'appliance_summary', counts, { id: applianceId(context.world) }),
  );
  const list = clients.map(({ id, kind }) =>
    element(1, 'connected_client', '', 'entities', { type: kind, id }),
  );
  return rootReply(
    context,
    'connected_client_list',
    flagOf(context, 'summary_only') ? summary : summary + list.join(''),
  );
};

export const getConnectedClients: Handler = (context) => {
  const wanted = wantedKinds(context);
  const ids = context.parameters.id?.split(',');
  if (ids !== undefined && ids.length > 100) refuse('Too many ids.');
  const withConnections = flagOf(context, 'include_connections');
  const clients = clientsOf(context.world, context.now)
    .filter(({ id, kind }) => wanted.includes(kind) && (ids === undefined || ids.includes(id)))
    .map(({ id, kind, hostname, platform, since }) =>
      wrap(
        1,
        `connected_${kind}`,
        (withConnections
          ? wrap(
              2,
              'client_connections',
              wrap(
                3,
                'client_connections',
                element(4, 'connection', '', 'entities', { appliance_id: applianceId(context.world) }),
              ) + wrap(3, 'event_log', element(4, 'event', 'connected', 'entities', { ts: String(since) })),
            )
          : '') +
          element(2, 'hostname', hostname) +
          element(2, 'platform', platform, 'entities', { id: 'winNT-64' }) +
          element(2, 'timezone_offset', '-18000') +
          element(2, 'connected_since', isoTime(since), 'entities', { ts: String(since) }),
        { id },
      ),
    );
  return rootReply(context, 'connected_clients', clients.join(''));
};
