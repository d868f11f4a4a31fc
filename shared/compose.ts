import type { TokenCredential } from '@azure/identity';
import { type Access, refusingAccess } from './access/access.ts';
import { entraAccess } from './access/entra-access.ts';
import { type AppSettings, readAppSettings } from './app-settings.ts';
import { Connections } from './connections.ts';
import { withLoadSecrets } from './imports/load-credentials.ts';
import { InsightsLog } from './runs/insights-log.ts';
import { LogBook } from './runs/log-book.ts';
import { jsonLines, type LogOutput } from './runs/log-line.ts';
import { StateLog } from './runs/state-log.ts';
import type { Services } from './services.ts';
import { keyVaultSecrets } from './settings/key-vault-secrets.ts';
import { environmentSecrets, firstOf } from './settings/secrets.ts';
import { azureIdentity } from './state/azure-identity.ts';
import { openBlobStaging } from './state/blob-staging.ts';
import { openTableState } from './state/table-state.ts';

/** The services of an installation in Azure, from its application settings. Throws `Failure` that names the setting. */
export function composeServices(environment: NodeJS.ProcessEnv): Services {
  const { logLevel, identityClientId, keyVaultUrl, entra, insights, storage } = readAppSettings(environment);
  const credential = azureIdentity(identityClientId);
  const prefix = 'IntegrationClient';
  const state = openTableState(
    'connectionString' in storage ? { ...storage, prefix } : { url: storage.tableUrl, credential, prefix },
  );
  const container = 'staging';
  const staging = openBlobStaging(
    'connectionString' in storage
      ? { ...storage, container }
      : { url: storage.blobUrl, credential, container },
  );
  const log = new LogBook({
    outputs: [insights ? insightsLog(insights, credential) : jsonLines(console)],
    store: new StateLog(state),
    least: logLevel,
  });
  const inEnvironment = environmentSecrets(environment);
  const named =
    keyVaultUrl === undefined
      ? inEnvironment
      : firstOf(inEnvironment, keyVaultSecrets({ url: keyVaultUrl, credential }));
  const secrets = log.watch(withLoadSecrets(named, state));
  const connections = new Connections({ state, secrets, log });
  if ('missing' in entra) log.warn(nobodyMay(entra.missing));
  return {
    state,
    staging,
    secrets,
    log,
    logs: log,
    access: accessBy(entra),
    now: () => Date.now(),
    appliance: (site) => connections.appliance(site),
    commands: (site) => connections.commands(site),
    destination: (destination) => connections.destination(destination),
    trial: (given) => connections.trial(given),
    async close() {
      await connections.close();
      await log.flush();
      await state.close();
    },
  };
}

function accessBy(entra: AppSettings['entra']): Access {
  return 'missing' in entra ? refusingAccess(nobodyMay(entra.missing)) : entraAccess(entra);
}

function nobodyMay(missing: string): string {
  return `The application setting ${missing} is missing: nobody may use the API; see docs/deployment.md.`;
}

function insightsLog(
  { connectionString, byIdentity }: NonNullable<AppSettings['insights']>,
  credential: TokenCredential,
): LogOutput {
  return new InsightsLog({
    fallback: jsonLines(console),
    async load() {
      const { insightsSender } = await import('./runs/insights-sender.ts');
      return insightsSender({ connectionString, ...(byIdentity ? { credential } : {}) });
    },
  });
}
