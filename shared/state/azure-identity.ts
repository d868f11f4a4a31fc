import type { TokenCredential } from '@azure/identity';

/**
 * The identity that this process has in Azure. Its package is loaded at the first token: that takes a fifth of a second
 * of processor time, and an installation outside Azure, or one with connection strings, never needs it.
 * @param clientId of a user-assigned identity
 */
export function azureIdentity(clientId?: string): TokenCredential {
  let made: Promise<TokenCredential> | undefined;
  return {
    async getToken(...request) {
      made ??= import('@azure/identity').then(
        ({ DefaultAzureCredential }) =>
          new DefaultAzureCredential(clientId === undefined ? {} : { managedIdentityClientId: clientId }),
      );
      return (await made).getToken(...request);
    },
  };
}
