import type { TokenCredential } from '@azure/identity';
import { type ShareClient, ShareServiceClient, type StoragePipelineOptions } from '@azure/storage-file-share';
import { Failure } from '../../errors.ts';
import { type AzureLimits, limitStorageTries, storageLimits } from '../../state/azure-limits.ts';

export type ShareAccount = (
  | { readonly url: string; readonly credential: TokenCredential }
  | { readonly connectionString: string }
) & {
  readonly client?: StoragePipelineOptions;
  /** Default: `storageLimits`. */
  readonly limits?: AzureLimits;
};

export function openShare(account: ShareAccount, share: string): ShareClient {
  return limitStorageTries(openService(account), account.limits ?? storageLimits).getShareClient(share);
}

function openService(account: ShareAccount): ShareServiceClient {
  const options = account.client ?? {};
  if (!('connectionString' in account)) {
    // Azure Files takes an identity only from who asks to work with the rights of a backup.
    return new ShareServiceClient(account.url, account.credential, {
      ...options,
      fileRequestIntent: 'backup',
    });
  }
  try {
    return ShareServiceClient.fromConnectionString(account.connectionString, options);
  } catch {
    // The SDK's message may quote the text, which holds the account's key.
    throw new Failure(
      'terminal',
      'bad-connection-string',
      'The connection string of a storage account is malformed.',
    );
  }
}
