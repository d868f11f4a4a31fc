import type { Access } from './access/access.ts';
import type { Appliance } from './appliance/appliance.ts';
import type { SiteCommands } from './appliance/connect-commands.ts';
import type { Destination } from './destinations/destination.ts';
import type { Log, LogKeeper } from './log.ts';
import type { DestinationSetting } from './settings/destination.ts';
import type { SecretStore } from './settings/secrets.ts';
import type { Site } from './settings/site.ts';
import type { StagingStore } from './state/staging.ts';
import type { StateStore } from './state/state-store.ts';

/** What reaches sites and destinations, for once. Whoever has it closes it. */
export interface Trial {
  appliance(site: Site): Appliance;
  commands(site: Site): SiteCommands;
  destination(setting: DestinationSetting): Promise<Destination>;
  close(): Promise<void>;
}

/** Every port that work needs. Made once a process (compose.ts, infra/local), and handed in: nothing else is global. */
export interface Services {
  readonly state: StateStore;
  readonly staging: StagingStore;
  readonly secrets: SecretStore;
  readonly log: Log;
  /** What is kept of the log; absent where nothing is. */
  readonly logs?: LogKeeper;
  /** Who may use the API; absent: nobody. */
  readonly access?: Access;
  /** Our clock, milliseconds since 1970. Never used for windows: these are in the appliance's time. */
  now(): number;
  /** One client a site; a changed setting gives another one. */
  appliance(site: Site): Appliance;
  /** The same for what changes things on an appliance: commands, and answers to its requests for approval. */
  commands(site: Site): SiteCommands;
  /** One instance a destination; a changed setting gives another one. Throws `Failure` when it cannot be opened. */
  destination(setting: DestinationSetting): Promise<Destination>;
  /**
   * Connections of their own, to try settings that are not saved: nothing of them is shared or kept. `secrets`: values
   * by name, which come before those of the store and are given to nobody else.
   */
  trial(secrets?: Readonly<Record<string, string>>): Trial;
  close(): Promise<void>;
}
