import { randomUUID } from 'node:crypto';
import type { FileReply, FileRequest } from './file-request.ts';
import { ServiceError } from './service-error.ts';
import type { FileNode } from './share-tree.ts';

/** May a call with this lease id change the file? (Lease File: outcomes of use attempts by lease state) */
export function checkLease(file: FileNode, id: string | undefined): void {
  const held = file.lease?.state === 'leased' ? file.lease.id : undefined;
  if (held === undefined) {
    if (id !== undefined) throw new ServiceError(412, 'LeaseNotPresentWithFileOperation');
    return;
  }
  if (id === undefined) throw new ServiceError(412, 'LeaseIdMissing');
  if (id !== held) throw new ServiceError(409, 'LeaseIdMismatchWithFileOperation');
}

/** Lease File: outcomes of lease operations by lease state. */
export function leaseFile(file: FileNode, request: FileRequest): FileReply {
  const action = request.header('x-ms-lease-action');
  const id = request.header('x-ms-lease-id');
  const headers = { etag: file.etag, 'last-modified': file.lastModified.toUTCString() };
  if (action === 'acquire') {
    if (request.header('x-ms-lease-duration') !== '-1') throw new ServiceError(400, 'InvalidHeaderValue');
    const proposed = request.header('x-ms-proposed-lease-id') ?? randomUUID();
    if (file.openBySmb) throw new ServiceError(409, 'SharingViolation');
    if (file.lease?.state === 'leased' && file.lease.id !== proposed) {
      throw new ServiceError(409, 'LeaseAlreadyPresent');
    }
    file.lease = { id: proposed, state: 'leased' };
    return { status: 201, headers: { ...headers, 'x-ms-lease-id': proposed } };
  }
  if (file.lease === undefined) throw new ServiceError(409, 'LeaseNotPresentWithLeaseOperation');
  if (action === 'break') {
    file.lease = { ...file.lease, state: 'broken' };
    return { status: 202, headers: { ...headers, 'x-ms-lease-time': '0' } };
  }
  if (action !== 'release') throw new ServiceError(501, `the stand-in has no lease action "${action}"`);
  if (id !== file.lease.id) throw new ServiceError(409, 'LeaseIdMismatchWithLeaseOperation');
  file.lease = undefined;
  return { status: 200, headers };
}
