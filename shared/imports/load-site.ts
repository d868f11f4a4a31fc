import { createHash } from 'node:crypto';
import { recordedHost, type Site, siteSchema } from '../settings/site.ts';
import { loadSecretName } from './load-credentials.ts';

/** A host that no setting names, as it is given for one load. */
export interface GivenHost {
  readonly host: string;
  readonly hostName?: string | undefined;
  readonly product?: Site['product'];
  readonly certificateAuthority?: string | undefined;
  readonly nothingFound?: readonly string[] | undefined;
  readonly account?:
    | { readonly kind: 'oauth'; readonly clientId: string }
    | { readonly kind: 'legacy'; readonly username: string }
    | undefined;
}

/** A refusal is final for a load: nobody comes back to it. */
const RETRY_HOURS = 0;

/**
 * The host as a site of one run. Its id comes from the recorded host name, so that loads of one host share what is
 * known of it, and an id stands for one place for ever. Without an account nothing is asked of it.
 */
export function siteOfLoad(importId: string, { account, ...given }: GivenHost): Site {
  const secret = loadSecretName(importId);
  const site = siteSchema.parse({
    id: 'host',
    name: given.host,
    ...given,
    account: account ? { ...account, secret } : { kind: 'oauth', clientId: 'none', secret },
    recordingRetryHours: RETRY_HOURS,
  });
  const digest = createHash('sha256').update(recordedHost(site).toLowerCase()).digest('hex');
  return { ...site, id: `host-${digest.slice(0, 12)}` };
}
