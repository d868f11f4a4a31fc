import type { TokenCredential } from '@azure/identity';
import { smallRequestLimits, withinLimit } from './azure-limits.ts';

/**
 * The identity that this process has in Azure. Its package is loaded at the first token: that takes a fifth of a second
 * of processor time, and an installation outside Azure, or one with connection strings, never needs it.
 * The package's requests have no limit of time; a token that does not come in time is an ETIMEDOUT.
 * @param clientId of a user-assigned identity
 */
export function azureIdentity(
  clientId?: string,
  limitMs: number = smallRequestLimits.answerMs,
): TokenCredential {
  let made: Promise<TokenCredential> | undefined;
  return {
    async getToken(...request) {
      made ??= import('@azure/identity').then(
        ({ DefaultAzureCredential }) =>
          new DefaultAzureCredential(clientId === undefined ? {} : { managedIdentityClientId: clientId }),
      );
      const credential = await made;
      return withinLimit(credential.getToken(...request), limitMs);
    },
  };
}
