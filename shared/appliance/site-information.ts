import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import type { RetryOptions } from '../retry.ts';
import type { ApiCaller } from './api-caller.ts';
import type { ApplianceInfo, Product } from './appliance.ts';
import { atSite } from './at-site.ts';
import { CommandApi } from './command.ts';
import { probeProduct } from './product-probe.ts';
import type { Reporting } from './reporting.ts';

export interface SiteInformationOptions {
  readonly where: string;
  readonly caller: ApiCaller;
  readonly reporting: Reporting;
  readonly retry: RetryOptions;
  readonly log: Log;
  readonly configured: Product | undefined;
}

/** What a site is: product, clock, permissions. */
export class SiteInformation {
  readonly #options: SiteInformationOptions;
  readonly #command: CommandApi;
  #product: Promise<Product> | undefined;
  #applianceId: { readonly value: string | undefined } | undefined;

  constructor(options: SiteInformationOptions) {
    this.#options = options;
    this.#command = new CommandApi(options.caller, options.retry);
  }

  async ask(signal: AbortSignal): Promise<ApplianceInfo> {
    try {
      return await this.#ask(signal);
    } catch (error) {
      throw atSite(error, this.#options.where);
    }
  }

  product(signal: AbortSignal): Promise<Product> {
    if (this.#product !== undefined) return this.#product;
    const { configured } = this.#options;
    if (configured !== undefined) return Promise.resolve(configured);
    return this.ask(signal).then(({ product }) => product);
  }

  async #ask(signal: AbortSignal): Promise<ApplianceInfo> {
    const { reporting, configured, where } = this.#options;
    const information = await this.#command.information(signal);
    if (information === 'denied') {
      const found = await probeProduct(reporting, configured, where, signal);
      this.#product = Promise.resolve(found.product);
      return { ...found, clock: 'date-header' };
    }
    const { now, apiVersion, permissions } = information;
    const product =
      information.product ?? configured ?? (await probeProduct(reporting, undefined, where, signal)).product;
    this.#product = Promise.resolve(product);
    const applianceId = await this.#findApplianceId(signal);
    return {
      product,
      now,
      clock: 'command',
      permissions,
      ...(apiVersion === '' ? {} : { apiVersion }),
      ...(applianceId === undefined ? {} : { applianceId }),
    };
  }

  /** The GUID is good to have: that it cannot be had is no failure. */
  async #findApplianceId(signal: AbortSignal): Promise<string | undefined> {
    if (this.#applianceId !== undefined) return this.#applianceId.value;
    const { where, log } = this.#options;
    try {
      this.#applianceId = { value: await this.#command.applianceId(signal) };
      return this.#applianceId.value;
    } catch (error) {
      if (!(error instanceof Failure) || error.code === 'cancelled') throw error;
      log.warn('check_health failed', { site: where, code: error.code });
      return undefined;
    }
  }
}
