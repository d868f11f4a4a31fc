import type { TokenCredential } from '@azure/identity';
import { BlobServiceClient, type ContainerClient, type StoragePipelineOptions } from '@azure/storage-blob';

export type BlobAccount = (
  | { readonly url: string; readonly credential: TokenCredential }
  | { readonly connectionString: string }
) & { readonly client?: StoragePipelineOptions };

export function openContainer(account: BlobAccount, container: string): ContainerClient {
  const options = account.client ?? {};
  const service =
    'connectionString' in account
      ? BlobServiceClient.fromConnectionString(account.connectionString, options)
      : new BlobServiceClient(account.url, account.credential, options);
  return service.getContainerClient(container);
}

/** For messages: the container and its account, with nothing of a signature. */
export function describeContainer(container: ContainerClient): string {
  const url = new URL(container.url);
  return `container ${container.containerName} of ${url.host}`;
}
