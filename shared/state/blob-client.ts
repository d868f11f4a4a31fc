import type { TokenCredential } from '@azure/identity';
import { BlobServiceClient, type ContainerClient, type StoragePipelineOptions } from '@azure/storage-blob';
import { Failure } from '../errors.ts';
import { type AzureLimits, limitStorageTries, storageLimits } from './azure-limits.ts';

export type BlobAccount = (
  | { readonly url: string; readonly credential: TokenCredential }
  | { readonly connectionString: string }
) & {
  readonly client?: StoragePipelineOptions;
  /** Default: `storageLimits`. */
  readonly limits?: AzureLimits;
};

export function openContainer(account: BlobAccount, container: string): ContainerClient {
  return limitStorageTries(openService(account), account.limits ?? storageLimits).getContainerClient(
    container,
  );
}

function openService(account: BlobAccount): BlobServiceClient {
  const options = account.client ?? {};
  if (!('connectionString' in account))
    return new BlobServiceClient(account.url, account.credential, options);
  try {
    return BlobServiceClient.fromConnectionString(account.connectionString, options);
  } catch {
    // The SDK's message may quote the text, which holds the account's key.
    throw new Failure(
      'terminal',
      'bad-connection-string',
      'The connection string of a storage account is malformed.',
    );
  }
}

/** For messages: the container and its account, with nothing of a signature. */
export function describeContainer(container: ContainerClient): string {
  const url = new URL(container.url);
  return `container ${container.containerName} of ${url.host}`;
}
