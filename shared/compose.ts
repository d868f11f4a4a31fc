import { DefaultAzureCredential } from '@azure/identity';
import { Connections } from './connections.ts';
import { Failure } from './errors.ts';
import { consoleLog } from './runs/console-log.ts';
import type { Services } from './services.ts';
import { environmentSecrets } from './settings/secrets.ts';
import { openBlobStaging } from './state/blob-staging.ts';
import { openTableState } from './state/table-state.ts';

/** The services of an installation in Azure, from its application settings. Throws `Failure` that names the setting. */
export function composeServices(environment: NodeJS.ProcessEnv): Services {
  const log = consoleLog(console, environment.LOG_LEVEL ?? 'info');
  const credential = new DefaultAzureCredential(
    environment.AZURE_CLIENT_ID ? { managedIdentityClientId: environment.AZURE_CLIENT_ID } : {},
  );
  const connection = environment.DATA_STORAGE_CONNECTION_STRING;
  const state = openTableState(
    connection
      ? { connectionString: connection, prefix: 'IntegrationClient' }
      : { url: setting(environment, 'DATA_TABLE_URL'), credential, prefix: 'IntegrationClient' },
  );
  const staging = openBlobStaging(
    connection
      ? { connectionString: connection, container: 'staging' }
      : { url: setting(environment, 'DATA_BLOB_URL'), credential, container: 'staging' },
  );
  const secrets = environmentSecrets(environment);
  const connections = new Connections({ state, secrets, log });
  return {
    state,
    staging,
    secrets,
    log,
    now: () => Date.now(),
    appliance: (site) => connections.appliance(site),
    destination: (destination) => connections.destination(destination),
    async close() {
      await connections.close();
      await state.close();
    },
  };
}

function setting(environment: NodeJS.ProcessEnv, name: string): string {
  const value = environment[name];
  if (value) return value;
  throw new Failure(
    'terminal',
    'setting-missing',
    `The application setting ${name} is missing; see the README.`,
  );
}
