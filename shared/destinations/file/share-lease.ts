import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ShareLeaseClient } from '@azure/storage-file-share';
import { azureStatus } from '../../state/azure-failure.ts';
import { isMissing, type ShareFolder } from './share-folder.ts';

/** Codes that say that the lease a call relied on is no longer there, or that another one is. */
const leaseGone = new Set([
  'LeaseNotPresentWithFileOperation',
  'LeaseIdMismatchWithFileOperation',
  'LeaseIdMissing',
  'LeaseLost',
]);

/**
 * Does something to a visible file while nobody else can, provided that it is still the one with this tag. Azure Files
 * knows no If-Match; it has leases, and a call that names a lease fails when that lease is gone.
 *
 * A lease of a file does not end by itself. One that is still there after `patienceMs` is taken to be that of a dead
 * process and broken, which is safe even if it is not: its holder's next call then fails and changes nothing.
 *
 * @returns what the work returned; undefined, with nothing done, when the file is another or gone
 */
export async function whileUnchanged<R>(
  folder: ShareFolder,
  path: string,
  tag: string,
  patienceMs: number,
  work: (leaseId: string) => Promise<R>,
): Promise<R | undefined> {
  const lease = new ShareLeaseClient(folder.file(path), randomUUID());
  try {
    if (!(await acquire(lease, patienceMs))) return undefined;
    if ((await folder.look(path))?.stat.tag !== tag) return undefined;
    return await work(lease.leaseId);
  } catch (error) {
    if (leaseGone.has(azureStatus(error).code)) return undefined;
    throw error;
  } finally {
    // Most often it went with its file; or its reply was lost, so that it may be there. One that stays because of a failure here is broken by who comes next.
    await lease.releaseLease().catch(() => undefined);
  }
}

/** False when there is no file. */
async function acquire(lease: ShareLeaseClient, patienceMs: number): Promise<boolean> {
  const started = Date.now();
  for (let turn = 1; ; turn++) {
    try {
      await lease.acquireLease();
      return true;
    } catch (error) {
      const { code } = azureStatus(error);
      if (isMissing(code)) return false;
      if (code !== 'LeaseAlreadyPresent') throw error;
    }
    if (Date.now() - started >= patienceMs) await breakLease(lease);
    else await delay(Math.min(turn * 50, 500) * (0.5 + Math.random()));
  }
}

async function breakLease(lease: ShareLeaseClient): Promise<void> {
  try {
    await lease.breakLease();
  } catch (error) {
    const { code } = azureStatus(error);
    // Released or gone with its file meanwhile.
    if (code !== 'LeaseNotPresentWithLeaseOperation' && !isMissing(code)) throw error;
  }
}
