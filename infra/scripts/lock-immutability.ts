import type { Azure } from './azure-rest.ts';

const API = 'api-version=2026-04-01';

/**
 * Locks the immutability policy of each container. This cannot be undone. What is locked already stays so.
 * Resolves to the containers that were locked now.
 */
export async function lockImmutability(
  azure: Azure,
  storageId: string,
  containers: readonly string[],
): Promise<string[]> {
  const locked: string[] = [];
  for (const container of containers) {
    const policy = `${storageId}/blobServices/default/containers/${container}/immutabilityPolicies/default`;
    const { body } = await azure.call('GET', `${policy}?${API}`);
    const { etag, properties } = body as { etag?: string; properties?: { state?: string } };
    if (properties?.state === 'Locked') continue;
    if (!etag)
      throw new Error(
        `The container ${container} has no immutability policy; provision with immutability = true.`,
      );
    await azure.call('POST', `${policy}/lock?${API}`, undefined, [], { 'if-match': etag });
    locked.push(container);
  }
  return locked;
}
