import { Failure } from '../errors.ts';
import { type RetryOptions, withRetry } from '../retry.ts';
import { deepText, type XmlElement } from '../sessions/xml-element.ts';
import type { ApiCaller } from './api-caller.ts';
import { type ApiInformation, readApiInformation, readApplianceId } from './api-info.ts';
import { shownWords } from './error-document.ts';
import { parseSmallXml } from './small-xml.ts';

/** The command API, as far as it is needed. `denied`: the account may not use it. */
export class CommandApi {
  readonly #caller: ApiCaller;
  readonly #retry: RetryOptions;

  constructor(caller: ApiCaller, retry: RetryOptions) {
    this.#caller = caller;
    this.#retry = retry;
  }

  async information(signal?: AbortSignal): Promise<ApiInformation | 'denied'> {
    const root = await this.#command('get_api_info', signal);
    return root === 'denied' ? root : readApiInformation(root);
  }

  /** The GUID that check_health gives. */
  async applianceId(signal?: AbortSignal): Promise<string | undefined> {
    const root = await this.#command('check_health', signal);
    return root === 'denied' ? undefined : readApplianceId(root);
  }

  async #command(action: string, signal?: AbortSignal): Promise<XmlElement | 'denied'> {
    const what = `the command ${action}`;
    return withRetry(
      async () => {
        let root: XmlElement;
        try {
          const reply = await this.#caller.call({ what, api: 'command', parameters: { action }, signal });
          root = parseSmallXml(await reply.body.small(), what);
        } catch (error) {
          if (error instanceof Failure && error.code === 'no-permission') return 'denied';
          throw error;
        }
        if (root.name !== 'error') return root;
        const refused = this.#caller.badLogin(shownWords(deepText(root)));
        if (refused !== undefined) throw refused;
        // Any other error document, in whatever language: the command is not to be had.
        return 'denied';
      },
      { ...this.#retry, signal },
    );
  }
}
