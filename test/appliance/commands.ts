import { hash } from 'node:crypto';
import { permissionsOf } from './accounts.ts';
import { errorReply, namespaceAttribute, type Reply, xmlReply } from './reply.ts';
import type { ApiAccount } from './simulated-appliance.ts';
import type { World } from './world.ts';
import { xmlAttribute, xmlText } from './xml-text.ts';

/** `/api/command`: get_api_info and check_health. */
export function commandReply(world: World, account: ApiAccount, action: string | undefined): Reply {
  const namespace = commandNamespace(world.settings.namespace);
  switch (action) {
    case 'get_api_info':
      return apiInformation(world, account, namespace);
    case 'check_health':
      return health(world, namespace);
    default:
      return errorReply(namespace, 'The action is not valid.');
  }
}

/** The two namespaces differ in their last word only (observed). */
export function commandNamespace(reporting: string): string {
  return reporting.replace(/reporting$/, 'command');
}

function apiInformation(world: World, account: ApiAccount, namespace: string): Reply {
  const permissions = Object.entries(permissionsOf(world.settings.product, account)).map(
    ([name, value]) => `        <permission name="${xmlAttribute(name)}">${xmlText(value)}</permission>\n`,
  );
  return xmlReply(
    `<api_information${namespaceAttribute(namespace)}>\n` +
      `    <api_version>${xmlText(world.settings.apiVersion)}</api_version>\n` +
      `    <timestamp>${world.clock.now()}</timestamp>\n` +
      `    <permissions>\n${permissions.join('')}    </permissions>\n` +
      '</api_information>',
  );
}

function health(world: World, namespace: string): Reply {
  const { siteHost } = world.settings;
  return xmlReply(
    `<health${namespaceAttribute(namespace)}>\n` +
      `    <appliance id="${applianceId(world)}">${xmlText(siteHost)}</appliance>\n` +
      `    <version>24.3.4 (build 112233)</version>\n` +
      '    <success>1</success>\n' +
      '    <failover_role>none</failover_role>\n' +
      '</health>',
  );
}

/** A GUID that is the appliance's own and stays the same over a restart. */
function applianceId(world: World): string {
  const digits = hash('sha256', `appliance ${world.settings.product} ${world.settings.seed}`, 'hex');
  return digits.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
