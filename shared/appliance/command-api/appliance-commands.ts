import { z } from 'zod';
import { flag } from '../../sessions/read-values.ts';
import { childOf, type XmlElement } from '../../sessions/xml-element.ts';
import { readApiInformation } from '../api-info.ts';
import { defineCommand } from './command.ts';
import { oneOf, yesNo } from './parameters.ts';
import {
  attribute,
  childrenNamed,
  doneReply,
  listNamed,
  nullableFlag,
  nullableNumber,
  nullableText,
  nullableTime,
  readDone,
  signedNumber,
  textOf,
  timeIn,
} from './reply-parts.ts';

const both = ['RS', 'PRA'] as const;

export const getApiInfo = defineCommand({
  name: 'get_api_info',
  title: 'API version and permissions',
  description: 'The version of the API, the clock of the appliance, and what the API account may do.',
  products: both,
  access: 'read_only',
  source: 'guide',
  isRepeatable: true,
  parameters: z.strictObject({}),
  reply: z.object({
    apiVersion: z.string().meta({ description: 'Software version of the API.' }),
    timestamp: z.int().meta({ description: "Unix seconds, the appliance's clock." }),
    permissions: z.record(z.string(), z.string()).meta({
      description: 'Permissions by name with the values as sent: 1, 0, deny, read_only, full_access …',
    }),
    companyName: nullableText('RS before 24.3.'),
  }),
  read(root) {
    const { apiVersion, now, permissions } = readApiInformation(root);
    return { apiVersion, timestamp: now, permissions, companyName: textOf(root, 'company_name') };
  },
});

export const checkHealth = defineCommand({
  name: 'check_health',
  title: 'Health of the appliance',
  description: 'Version, health and failover state of the appliance.',
  products: both,
  access: 'read_only',
  source: 'guide',
  isRepeatable: true,
  parameters: z.strictObject({}),
  reply: z.object({
    appliance: nullableText('Host name of the appliance.'),
    applianceId: nullableText('GUID of the appliance.'),
    version: nullableText('Version and build number of the software.'),
    success: nullableFlag('Whether the health check succeeded.'),
    errorMessage: nullableText('What is wrong, where something is.'),
    failoverRole: nullableText('none, primary or backup.'),
    sharedIps: z.array(z.string()).meta({ description: 'Addresses shared by primary and backup.' }),
    lastDataSyncTime: nullableTime('The last data sync between primary and backup.'),
    lastDataSyncStatus: nullableText('How that ended.'),
  }),
  read(root) {
    const appliance = childOf(root, 'appliance');
    return {
      appliance: textOf(root, 'appliance'),
      applianceId: attribute(appliance, 'id'),
      version: textOf(root, 'version'),
      success: flag(textOf(root, 'success')),
      errorMessage: textOf(root, 'error_message'),
      failoverRole: textOf(root, 'failover_role'),
      sharedIps: childrenNamed(childOf(root, 'enabled_shared_ips'), 'ip').map(({ text }) => text.trim()),
      lastDataSyncTime: timeIn(root, 'last_data_sync_time'),
      lastDataSyncStatus: textOf(root, 'last_data_sync_status'),
    };
  },
});

export const getAppliances = defineCommand({
  name: 'get_appliances',
  title: 'Appliances of the cluster',
  description: 'All appliances of a failover relationship or a cluster.',
  products: ['RS'],
  access: 'read_only',
  source: 'vendor page',
  isRepeatable: true,
  parameters: z.strictObject({}),
  reply: z.object({
    appliances: z.array(
      z.object({
        id: nullableText('GUID.'),
        name: nullableText('Name.'),
        publicHostname: nullableText('Public host name.'),
        clusterRole: nullableText('single, primary (earlier: master) or traffic.'),
        failoverRole: nullableText('none, primary or backup.'),
        acceptingConnections: nullableFlag('Whether it takes new client connections.'),
        timezoneOffset: nullableNumber('Seconds away from UTC.'),
      }),
    ),
  }),
  read: (root) => ({
    appliances: childrenNamed(listNamed(root, 'appliances'), 'appliance').map(readClusterMember),
  }),
});

function readClusterMember(element: XmlElement) {
  return {
    id: attribute(element, 'id'),
    name: textOf(element, 'name'),
    publicHostname: textOf(element, 'public_hostname'),
    clusterRole: textOf(element, 'cluster_role'),
    failoverRole: textOf(element, 'failover_role'),
    acceptingConnections: flag(textOf(element, 'accepting_connections')),
    timezoneOffset: signedNumber(textOf(element, 'timezone_offset')),
  };
}

export const setFailoverRole = defineCommand({
  name: 'set_failover_role',
  title: 'Set the failover role',
  description:
    'Makes the appliance the primary or the backup. With a data sync first, all users on the primary are disconnected until the swap is complete.',
  products: both,
  access: 'full_access',
  source: 'guide',
  // A second one could undo what somebody did in between, and starts another data sync.
  isRepeatable: false,
  parameters: z
    .strictObject({
      role: oneOf('The role of this appliance.', ['primary', 'backup']),
      data_sync_first: yesNo('1: data sync with the peer before failing over. 0: without.').optional(),
      force: yesNo(
        '1: become the backup even if the peer cannot be contacted. Only with role backup.',
      ).optional(),
    })
    .refine(({ role, force }) => force !== true || role === 'backup', {
      path: ['force'],
      error: 'is only for role backup',
    }),
  reply: doneReply.extend({
    dataSyncStarted: z.boolean().meta({
      description: 'The role changes when the data sync that was asked for has completed.',
    }),
  }),
  read: (root, sent) => ({ ...readDone(root), dataSyncStarted: sent.data_sync_first === true }),
});
