import { Failure, type FailureKind } from '../../errors.ts';
import { azureFailure, azureStatus } from '../../state/azure-failure.ts';

/** Conflicts that pass by themselves: an SMB client has the file open, somebody else changes the same folder. */
const passing = new Set([
  'SharingViolation',
  'FileLockConflict',
  'FileOpenBySmbClient',
  'DeletePending',
  'CannotDeleteFileOrDirectory',
  'ClientCacheFlushDelay',
  'ShareBeingDeleted',
  'ParentNotFound',
  'LeaseAlreadyPresent',
]);

/** An error of Azure Files as a Failure; its codes, in whatever status they come, first (Azure Files error codes). */
export function shareFailure(error: unknown, where: string): unknown {
  if (error instanceof Failure || !(error instanceof Error)) return error;
  const { code } = azureStatus(error);
  const make = (kind: FailureKind, name: string, message: string) =>
    new Failure(kind, name, message, { cause: error });
  if (code === 'ShareSizeLimitReached') {
    return make('terminal', 'disk-full', `${where} is full (${code}). Raise its quota or free space.`);
  }
  if (code === 'ShareNotFound') {
    return make('terminal', 'no-share', `There is no ${where}. Create the share or correct its name.`);
  }
  if (code === 'ResourceTypeMismatch') {
    return make(
      'terminal',
      'not-a-folder',
      `A file is where a folder should be in ${where}, or a folder where a file should be.`,
    );
  }
  if (code === 'ReadOnlyAttribute') {
    return make('item', 'immutable', `A file in ${where} is read-only and stays.`);
  }
  if (code === 'InvalidFileOrDirectoryPathName' || code === 'InvalidResourceName') {
    return make('item', 'name-refused', `${where} refuses a name (${code}).`);
  }
  if (passing.has(code)) {
    return make('transient', 'storage-busy', `A file or folder in ${where} is in use (${code}).`);
  }
  return azureFailure(error, where);
}
