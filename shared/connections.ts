import type { Appliance } from './appliance/appliance.ts';
import { type ApplianceOptions, connectAppliance } from './appliance/connect-appliance.ts';
import { connectCommands, type SiteCommands } from './appliance/connect-commands.ts';
import type { Destination } from './destinations/destination.ts';
import { loadPlugin } from './destinations/index.ts';
import { Failure } from './errors.ts';
import type { Log } from './log.ts';
import { LogBook } from './runs/log-book.ts';
import type { DestinationSetting } from './settings/destination.ts';
import type { SecretStore } from './settings/secrets.ts';
import type { Site } from './settings/site.ts';
import type { StateStore } from './state/state-store.ts';

export interface ConnectionOptions {
  readonly state: StateStore;
  readonly secrets: SecretStore;
  readonly log: Log;
  /** How long appliances may take to answer, and how often they are asked again; see connect-appliance.ts. */
  readonly appliances?: Pick<ApplianceOptions, 'limits' | 'retry'>;
}

/** The clients of a process, one for each setting as it stands: tokens and pools are shared, a change gives a new one. */
export class Connections {
  readonly #ports: ConnectionOptions;
  readonly #appliances = new Map<string, { readonly setting: string; readonly appliance: Appliance }>();
  readonly #commands = new Map<string, { readonly setting: string; readonly commands: SiteCommands }>();
  readonly #destinations = new Map<
    string,
    { readonly setting: string; readonly destination: Promise<Destination> }
  >();

  constructor(ports: ConnectionOptions) {
    this.#ports = ports;
  }

  appliance(site: Site): Appliance {
    const setting = JSON.stringify(site);
    const known = this.#appliances.get(site.id);
    if (known?.setting === setting) return known.appliance;
    const appliance = connectAppliance(this.#optionsOf(site));
    // The one before may be in use by a run that began earlier: it ends by itself.
    this.#appliances.set(site.id, { setting, appliance });
    return appliance;
  }

  /** What changes things there. It shares the token of `appliance`. */
  commands(site: Site): SiteCommands {
    const setting = JSON.stringify(site);
    const known = this.#commands.get(site.id);
    if (known?.setting === setting) return known.commands;
    const commands = connectCommands(this.#optionsOf(site));
    this.#commands.set(site.id, { setting, commands });
    return commands;
  }

  destination(setting: DestinationSetting): Promise<Destination> {
    const text = JSON.stringify(setting);
    const known = this.#destinations.get(setting.id);
    if (known?.setting === text) return known.destination;
    const destination = this.#open(setting);
    this.#destinations.set(setting.id, { setting: text, destination });
    destination.catch(() => {
      // Whoever asked gets the failure; the next one who asks tries again.
      if (this.#destinations.get(setting.id)?.destination === destination)
        this.#destinations.delete(setting.id);
    });
    return destination;
  }

  #optionsOf(site: Site): ApplianceOptions {
    const { account } = site;
    return {
      site: {
        id: site.id,
        name: site.name,
        host: site.host,
        product: site.product,
        ca: site.certificateAuthority,
        ...(site.nothingFound === undefined ? {} : { nothingFound: site.nothingFound }),
        auth:
          account.kind === 'oauth'
            ? { kind: 'oauth', clientId: account.clientId }
            : { kind: 'legacy', username: account.username },
      },
      secret: (refused) => this.#secretOf(site, refused),
      log: this.#ports.log,
      ...this.#ports.appliances,
    };
  }

  /** See `Services.trial`. */
  trial(given: Readonly<Record<string, string>> = {}): Connections {
    const { secrets, log } = this.#ports;
    const first: SecretStore = {
      get: async (name, refused) =>
        Object.hasOwn(given, name) ? (given[name] ?? '') : secrets.get(name, refused),
    };
    // No secret is written to the log, whoever gave it.
    return new Connections({ ...this.#ports, secrets: log instanceof LogBook ? log.watch(first) : first });
  }

  async #secretOf({ name, account }: Site, refused: string | undefined): Promise<string> {
    try {
      return await this.#ports.secrets.get(account.secret, refused);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw new Failure(error.kind, error.code, `Site "${name}": ${error.message}`, { cause: error });
    }
  }

  async #open({ id, name, plugin: pluginId, settings }: DestinationSetting): Promise<Destination> {
    const plugin = await loadPlugin(pluginId);
    if (!plugin)
      throw new Failure(
        'terminal',
        'unknown-plugin',
        `Destination "${name}": there is no plugin "${pluginId}".`,
      );
    const { state, secrets, log } = this.#ports;
    return plugin.open({ id, name, settings, state, log, secret: (secret) => secrets.get(secret) });
  }

  async close(): Promise<void> {
    for (const { appliance } of this.#appliances.values()) await appliance.close();
    for (const { commands } of this.#commands.values()) commands.close();
    for (const { destination } of this.#destinations.values()) {
      const [opened] = await Promise.allSettled([destination]);
      if (opened.status === 'fulfilled') await opened.value.close();
    }
  }
}
