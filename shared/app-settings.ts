import { Failure } from './errors.ts';

/**
 * Every application setting there is: the template sets those with `inAzure`, `local.settings.sample.json` holds those
 * with a `sample`, and the code reads those that are read by `code`, through `readAppSettings` alone. A test compares
 * all three with this list. Secrets (`SECRET_…`) have names of the user's own and are read by settings/secrets.ts.
 */
export interface AppSetting {
  readonly name: string;
  readonly meaning: string;
  /** `host`: read by the Functions host or an Azure library before or beside our code. */
  readonly readBy: 'code' | 'host';
  /** Set by the template. */
  readonly inAzure: boolean;
  readonly sample?: string;
  /** Says what a value must be, if it is not that. */
  readonly check?: (value: string) => string | undefined;
}

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

const endpoint = (value: string) =>
  URL.canParse(value) && new URL(value).protocol === 'https:' && new URL(value).search === ''
    ? undefined
    : 'an https address without a signature, like https://ACCOUNT.blob.core.windows.net';
const guid = (value: string) =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value) ? undefined : 'a GUID';
const oneOf = (values: readonly string[]) => (value: string) =>
  values.includes(value) ? undefined : `one of ${values.join(', ')}`;
const connectionString = (value: string) =>
  /^\s*UseDevelopmentStorage=true\s*;?\s*$/i.test(value) || /(^|;)\s*AccountName=[^;]+/i.test(value)
    ? undefined
    : 'the connection string of a storage account, or UseDevelopmentStorage=true';

export const appSettings: readonly AppSetting[] = [
  {
    name: 'DATA_TABLE_URL',
    meaning: "The data storage account's table address, used with the managed identity",
    readBy: 'code',
    inAzure: true,
    check: endpoint,
  },
  {
    name: 'DATA_BLOB_URL',
    meaning: "The data storage account's blob address, used with the managed identity",
    readBy: 'code',
    inAzure: true,
    check: endpoint,
  },
  {
    name: 'KEY_VAULT_URL',
    meaning:
      "The Key Vault's address, read with the managed identity; without it secrets are settings `SECRET_…`",
    readBy: 'code',
    inAzure: true,
    check: endpoint,
  },
  {
    name: 'DATA_STORAGE_CONNECTION_STRING',
    meaning: 'In place of the addresses, for development with Azurite',
    readBy: 'code',
    inAzure: false,
    sample: 'UseDevelopmentStorage=true',
    check: connectionString,
  },
  {
    name: 'AZURE_CLIENT_ID',
    meaning: 'Client id of the user-assigned identity, if there is one',
    readBy: 'code',
    inAzure: true,
    check: guid,
  },
  {
    name: 'LOG_LEVEL',
    meaning: '`debug`, `info` (default), `warn`, `error`',
    readBy: 'code',
    inAzure: true,
    sample: 'info',
    check: oneOf(logLevels),
  },
  {
    name: 'ENTRA_TENANT_ID',
    meaning:
      'The Microsoft Entra tenant whose people and applications may use the API; without it nobody may',
    readBy: 'code',
    inAzure: true,
    check: guid,
  },
  {
    name: 'ENTRA_APPLICATION_ID',
    meaning:
      'Client id of the Entra application that tokens for the API are issued for; without it nobody may',
    readBy: 'code',
    inAzure: true,
    check: guid,
  },
  {
    name: 'AZURE_AUTHORITY_HOST',
    meaning: 'Where Microsoft Entra ID is, in a national cloud; default https://login.microsoftonline.com',
    readBy: 'code',
    inAzure: true,
    check: endpoint,
  },
  {
    name: 'AzureWebJobsStorage',
    meaning: 'The storage of the Functions host and its task hub, for development with Azurite',
    readBy: 'host',
    inAzure: false,
    sample: 'UseDevelopmentStorage=true',
  },
  {
    name: 'AzureWebJobsStorage__credential',
    meaning: 'The host storage account is reached by identity',
    readBy: 'host',
    inAzure: true,
  },
  {
    name: 'AzureWebJobsStorage__clientId',
    meaning: 'Which identity that is',
    readBy: 'host',
    inAzure: true,
  },
  {
    name: 'AzureWebJobsStorage__blobServiceUri',
    meaning: "The host storage account's blob address",
    readBy: 'host',
    inAzure: true,
  },
  {
    name: 'AzureWebJobsStorage__queueServiceUri',
    meaning: "The host storage account's queue address: the task hub's messages",
    readBy: 'host',
    inAzure: true,
  },
  {
    name: 'AzureWebJobsStorage__tableServiceUri',
    meaning: "The host storage account's table address: the task hub's histories",
    readBy: 'host',
    inAzure: true,
  },
  {
    name: 'APPLICATIONINSIGHTS_CONNECTION_STRING',
    meaning:
      'Application Insights, which the log then goes to as well; with local authentication off it opens nothing',
    readBy: 'code',
    inAzure: true,
  },
  {
    name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
    meaning: 'With a value like `ClientId=…;Authorization=AAD`, telemetry is sent by the identity',
    readBy: 'code',
    inAzure: true,
  },
  {
    name: 'APPLICATION_INSIGHTS_NO_STATSBEAT',
    meaning: 'The library that sends telemetry tells its maker nothing about itself',
    readBy: 'host',
    inAzure: true,
  },
  {
    name: 'FUNCTIONS_WORKER_RUNTIME',
    meaning: 'For `func start`; in Azure the runtime is a property of the functions app',
    readBy: 'host',
    inAzure: false,
    sample: 'node',
  },
];

export interface AppSettings {
  readonly logLevel: string;
  readonly identityClientId: string | undefined;
  readonly keyVaultUrl: string | undefined;
  /** Whose tokens are taken; `missing` names the setting without which nobody's are. */
  readonly entra:
    | {
        readonly tenantId: string;
        readonly applicationId: string;
        readonly authority: string | undefined;
      }
    | { readonly missing: string };
  /** Application Insights, where telemetry goes there. */
  readonly insights: { readonly connectionString: string; readonly byIdentity: boolean } | undefined;
  readonly storage:
    | { readonly connectionString: string }
    | { readonly tableUrl: string; readonly blobUrl: string };
}

/** Throws `Failure` `setting-missing` or `setting-malformed` that names the first one that is wrong, never its value. */
export function readAppSettings(environment: NodeJS.ProcessEnv): AppSettings {
  const connection = optional(environment, 'DATA_STORAGE_CONNECTION_STRING');
  return {
    logLevel: optional(environment, 'LOG_LEVEL') ?? 'info',
    identityClientId: optional(environment, 'AZURE_CLIENT_ID'),
    keyVaultUrl: optional(environment, 'KEY_VAULT_URL'),
    entra: readEntra(environment),
    insights: readInsights(environment),
    storage: connection
      ? { connectionString: connection }
      : {
          tableUrl: required(environment, 'DATA_TABLE_URL'),
          blobUrl: required(environment, 'DATA_BLOB_URL'),
        },
  };
}

/** Runs go on without them: who may use the API is no matter of theirs. */
function readEntra(environment: NodeJS.ProcessEnv): AppSettings['entra'] {
  const tenantId = optional(environment, 'ENTRA_TENANT_ID');
  const applicationId = optional(environment, 'ENTRA_APPLICATION_ID');
  const authority = optional(environment, 'AZURE_AUTHORITY_HOST');
  if (tenantId === undefined) return { missing: 'ENTRA_TENANT_ID' };
  if (applicationId === undefined) return { missing: 'ENTRA_APPLICATION_ID' };
  return { tenantId, applicationId, authority };
}

function readInsights(environment: NodeJS.ProcessEnv): AppSettings['insights'] {
  const connectionString = optional(environment, 'APPLICATIONINSIGHTS_CONNECTION_STRING');
  const authentication = optional(environment, 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING') ?? '';
  return connectionString === undefined
    ? undefined
    : { connectionString, byIdentity: /(^|;)\s*Authorization=AAD\s*(;|$)/i.test(authentication) };
}

function optional(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  // An empty one is as good as none: that is how portals and shells clear a setting.
  const value = environment[name] || undefined;
  const wanted = value && appSettings.find((setting) => setting.name === name)?.check?.(value);
  if (!wanted) return value;
  throw new Failure('terminal', 'setting-malformed', `The application setting ${name} must be ${wanted}.`);
}

function required(environment: NodeJS.ProcessEnv, name: string): string {
  const value = optional(environment, name);
  if (value) return value;
  throw new Failure(
    'terminal',
    'setting-missing',
    `The application setting ${name} is missing; see the README.`,
  );
}
