import { localAccess } from '../../shared/access/local.ts';
import { type ConnectionOptions, Connections } from '../../shared/connections.ts';
import { withLoadSecrets } from '../../shared/imports/load-credentials.ts';
import type { Log } from '../../shared/log.ts';
import { LogBook } from '../../shared/runs/log-book.ts';
import type { Services } from '../../shared/services.ts';
import { environmentSecrets, fileSecrets, firstOf, type SecretStore } from '../../shared/settings/secrets.ts';
import { openFolderStaging } from '../../shared/state/folder-staging.ts';
import { openSqliteState } from '../../shared/state/sqlite-state.ts';
import type { StagingStore } from '../../shared/state/staging.ts';
import type { StateStore } from '../../shared/state/state-store.ts';
import type { DataFolder } from './data-folder.ts';
import { LogFiles } from './log-files.ts';

export interface LocalPorts {
  readonly state: StateStore;
  readonly staging: StagingStore;
  readonly secrets: SecretStore;
}

export function localPorts(data: DataFolder): LocalPorts {
  return {
    state: openSqliteState(data.state),
    staging: openFolderStaging(data.staging),
    secrets: firstOf(environmentSecrets(process.env), fileSecrets(data.secrets)),
  };
}

/** The log of an installation in one folder: files in it, or where it is told. */
export function localLog(folder: string, least: string): LogBook {
  return new LogBook({ outputs: [], store: new LogFiles(folder), least });
}

/** The services of an installation in one folder. Without `apiToken` nobody may use the API. */
export function localServices(
  ports: LocalPorts,
  log: Log,
  options: Pick<ConnectionOptions, 'appliances'> & { readonly apiToken?: string } = {},
): Services {
  const all = withLoadSecrets(ports.secrets, ports.state);
  const secrets = log instanceof LogBook ? log.watch(all) : all;
  const connections = new Connections({ ...ports, secrets, log, ...options });
  return {
    ...ports,
    secrets,
    log,
    ...(log instanceof LogBook ? { logs: log } : {}),
    ...(options.apiToken === undefined ? {} : { access: localAccess(options.apiToken) }),
    now: () => Date.now(),
    appliance: (site) => connections.appliance(site),
    commands: (site) => connections.commands(site),
    destination: (setting) => connections.destination(setting),
    trial: (given) => connections.trial(given),
    async close() {
      await connections.close();
      await ports.state.close();
    },
  };
}
