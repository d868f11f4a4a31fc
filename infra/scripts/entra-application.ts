import { setTimeout as pause } from 'node:timers/promises';
import type { Azure } from './azure-rest.ts';
import { accessScopeId, entraRoles } from './entra-roles.ts';

const GRAPH = 'https://graph.microsoft.com/v1.0';
/** Azure CLI: `az account get-access-token --resource api://…` then works without a further consent. */
const AZURE_CLI = '04b07795-8ddb-461a-bbee-02f9e1bf7b46';

interface Application {
  readonly id: string;
  readonly appId: string;
  readonly appRoles?: readonly { readonly id: string; readonly value?: string }[];
  readonly api?: {
    readonly oauth2PermissionScopes?: readonly { readonly id: string }[];
    readonly preAuthorizedApplications?: readonly { readonly appId: string }[];
  };
}

export interface EntraApplication {
  /** Client id; the audience of tokens is `api://` and this. */
  readonly appId: string;
  readonly made: boolean;
}

/**
 * Makes the application that tokens for the API are issued for, or brings it up to date: our roles as they are in
 * entra-roles.ts, roles that somebody added left alone. Only who has a role gets a token.
 * @param administratorId object id of a person, group or application that becomes Administrator
 */
export async function ensureEntraApplication(
  azure: Azure,
  environmentName: string,
  administratorId: string | undefined,
  wait: (ms: number) => Promise<unknown> = pause,
): Promise<EntraApplication> {
  const uniqueName = `integration-client-${environmentName}`;
  const address = `${GRAPH}/applications(uniqueName='${uniqueName}')`;
  const found = await azure.call('GET', address, undefined, [404]);
  const before = found.status === 404 ? undefined : (found.body as Application);
  const ours = (id: string | undefined) => entraRoles.some((role) => role.id === id);
  const api = {
    ...before?.api,
    requestedAccessTokenVersion: 2,
    oauth2PermissionScopes: [
      ...(before?.api?.oauth2PermissionScopes ?? []).filter(({ id }) => id !== accessScopeId),
      {
        id: accessScopeId,
        value: 'access',
        type: 'User',
        isEnabled: true,
        adminConsentDisplayName: 'Use the Integration Client',
        adminConsentDescription: 'Call its API with the roles of the signed-in person.',
      },
    ],
  };
  const body = {
    displayName: `Integration Client (${environmentName})`,
    signInAudience: 'AzureADMyOrg',
    appRoles: [
      ...(before?.appRoles ?? []).filter(({ id }) => !ours(id)),
      ...entraRoles.map((role) => ({
        ...role,
        allowedMemberTypes: ['User', 'Application'],
        isEnabled: true,
      })),
    ],
    api,
  };
  const made = before === undefined;
  const { id, appId } =
    before ??
    ((await azure.call('POST', `${GRAPH}/applications`, { ...body, uniqueName })).body as Application);
  if (!made) await azure.call('PATCH', `${GRAPH}/applications/${id}`, body);
  const others = (before?.api?.preAuthorizedApplications ?? []).filter(
    ({ appId: other }) => other !== AZURE_CLI,
  );
  // In a call of its own: it names the permission, which has to be there first.
  await patient(wait, () =>
    azure.call('PATCH', `${GRAPH}/applications/${id}`, {
      identifierUris: [`api://${appId}`],
      api: {
        ...api,
        preAuthorizedApplications: [...others, { appId: AZURE_CLI, delegatedPermissionIds: [accessScopeId] }],
      },
    }),
  );
  const principalId = await ensurePrincipal(azure, appId, wait);
  if (administratorId) await ensureAdministrator(azure, principalId, administratorId, wait);
  return { appId, made };
}

async function ensurePrincipal(azure: Azure, appId: string, wait: (ms: number) => Promise<unknown>) {
  const address = `${GRAPH}/servicePrincipals(appId='${appId}')`;
  const found = await azure.call('GET', address, undefined, [404]);
  const principal =
    found.status === 404
      ? await patient(wait, () => azure.call('POST', `${GRAPH}/servicePrincipals`, { appId }))
      : found;
  const { id } = principal.body as { id: string };
  await patient(wait, () =>
    azure.call('PATCH', `${GRAPH}/servicePrincipals/${id}`, { appRoleAssignmentRequired: true }),
  );
  return id;
}

async function ensureAdministrator(
  azure: Azure,
  resourceId: string,
  principalId: string,
  wait: (ms: number) => Promise<unknown>,
): Promise<void> {
  const appRoleId = entraRoles.find(({ value }) => value === 'Administrator')?.id;
  const address = `${GRAPH}/servicePrincipals/${resourceId}/appRoleAssignedTo`;
  const { body } = await azure.call('GET', `${address}?$top=999`);
  const { value } = body as {
    value: readonly { readonly principalId: string; readonly appRoleId: string }[];
  };
  if (value.some((one) => one.principalId === principalId && one.appRoleId === appRoleId)) return;
  await patient(wait, () => azure.call('POST', address, { principalId, resourceId, appRoleId }));
}

/** What Graph has just made is not there everywhere at once. */
async function patient<T>(wait: (ms: number) => Promise<unknown>, does: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await does();
    } catch (error) {
      if (attempt === 6) throw error;
      await wait(attempt * 2_000);
    }
  }
}
