import { hash } from 'node:crypto';
import { permissionsOf } from '../accounts.ts';
import type { World } from '../world.ts';
import { element, wrap } from '../xml-element.ts';
import { isoTime } from '../xml-text.ts';
import { flagOf, type Handler, refuse, required, rootReply, successReply } from './command-context.ts';

export const getApiInfo: Handler = (context) => {
  const { world, account, now } = context;
  const permissions = Object.entries(permissionsOf(world.settings.product, account))
    .map(([name, value]) => element(2, 'permission', value, 'entities', { name }))
    .join('');
  return rootReply(
    context,
    'api_information',
    element(1, 'api_version', world.settings.apiVersion) +
      element(1, 'timestamp', String(now)) +
      wrap(1, 'permissions', permissions),
  );
};

export const checkHealth: Handler = (context) => {
  const { world, now } = context;
  const { failoverRole } = world.operations;
  const failover =
    failoverRole === 'none'
      ? ''
      : wrap(1, 'enabled_shared_ips', element(2, 'ip', '192.0.2.10')) +
        element(1, 'last_data_sync_time', isoTime(now - 300), 'entities', { ts: String(now - 300) }) +
        element(1, 'last_data_sync_status', 'Data-Sync Finished Successfully');
  return rootReply(
    context,
    'health',
    element(1, 'appliance', world.settings.siteHost, 'entities', { id: applianceId(world) }) +
      element(1, 'version', '24.3.4 (build 112233)') +
      element(1, 'success', '1') +
      element(1, 'failover_role', failoverRole) +
      failover,
  );
};

export const getAppliances: Handler = (context) => {
  const { world } = context;
  const appliance =
    element(2, 'name', 'Main') +
    element(2, 'public_hostname', world.settings.siteHost) +
    element(2, 'cluster_role', 'single') +
    element(2, 'failover_role', world.operations.failoverRole) +
    element(2, 'accepting_connections', '1') +
    element(2, 'timezone_offset', '-3600');
  return rootReply(context, 'appliances', wrap(1, 'appliance', appliance, { id: applianceId(world) }));
};

export const setFailoverRole: Handler = (context) => {
  const { operations } = context.world;
  const role = required(context, 'role');
  if (role !== 'primary' && role !== 'backup') refuse('The role has to be primary or backup.');
  const sync = flagOf(context, 'data_sync_first');
  if (flagOf(context, 'force') && role !== 'backup') refuse('Only the role backup can be forced.');
  operations.failoverRole = role;
  operations.failovers.push(context.parameters);
  return successReply(
    context,
    sync
      ? 'Successfully started data sync. Role change will occur upon successful completion.'
      : 'Successfully changed role',
  );
};

/** A GUID that is the appliance's own and stays the same over a restart. */
export function applianceId({ settings }: World): string {
  const digits = hash('sha256', `appliance ${settings.product} ${settings.seed}`, 'hex');
  return digits.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
