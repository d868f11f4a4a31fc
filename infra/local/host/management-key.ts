import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const WEBHOOKS = '/runtime/webhooks/durabletask';
/** What `DurableClient` calls: in Azure a port of its own that is not reached from outside. */
const RPC = '/durabletask';

/** Guards the management API, as the system key does in Azure; another one each time the host is started. */
export class ManagementKey {
  readonly key = randomBytes(24).toString('base64url');

  /** Where it is called from this process, without a slash at the end. */
  rpcUrl(origin: string): string {
    return `${origin}${RPC}/${this.key}`;
  }

  /**
   * The path after the API's root, or undefined where it is no request to it; `allowed` tells whether the key was there:
   * in the path, or as `code` where Azure has it.
   */
  read(url: URL): { readonly path: string; readonly allowed: boolean } | undefined {
    const { pathname, searchParams } = url;
    if (isBelow(pathname, WEBHOOKS))
      return {
        path: pathname.slice(WEBHOOKS.length),
        allowed: this.#isKey(searchParams.get('code') ?? ''),
      };
    if (!isBelow(pathname, RPC)) return undefined;
    const [, given = '', ...rest] = pathname.slice(RPC.length).split('/');
    return { path: rest.join('/'), allowed: this.#isKey(given) };
  }

  #isKey(given: string): boolean {
    return timingSafeEqual(digest(given), digest(this.key));
  }
}

function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
