import { Failure, type FailureKind } from '../../errors.ts';

/** What Azure Blob says of a blob that a policy or a legal hold protects, and of a container with such blobs. */
export function isImmutableCode(code: string): boolean {
  return code === 'BlobImmutableDueToPolicy' || code === 'BlobImmutableDueToLegalHold';
}

export function immutableFailure(
  name: string,
  where: string,
  cause: unknown,
  kind: FailureKind = 'item',
): Failure {
  return new Failure(kind, 'immutable', `${name} in ${where} is immutable and stays as it is.`, { cause });
}
