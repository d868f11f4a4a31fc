import {
  createDirectory,
  deleteDirectory,
  directoryProperties,
  listDirectory,
} from './directory-operations.ts';
import {
  createFile,
  deleteFile,
  fileAt,
  fileProperties,
  getFile,
  putRange,
  type RenameHabits,
  renameFile,
  setFileMetadata,
  setFileProperties,
} from './file-operations.ts';
import type { FileReply, FileRequest } from './file-request.ts';
import { leaseFile } from './leases.ts';
import type { ShareTree } from './share-tree.ts';

/** What the documentation leaves open, or leaves to the service. */
export interface Habits extends RenameHabits {
  /** Entries of a page of a listing at most. */
  readonly pageSize: number;
  /** How a call for a file answers where a folder is. */
  readonly folderAsFile: 'ResourceNotFound' | 'ResourceTypeMismatch';
  /** The service's clock against ours, in milliseconds. */
  readonly clockOffset: number;
}

export const usual: Habits = {
  pageSize: 5_000,
  folderAsFile: 'ResourceNotFound',
  folderInTheWay: 'ResourceTypeMismatch',
  leaseSurvives: false,
  clockOffset: 0,
};

/** Does what a request asks for. @throws ServiceError */
export function perform(tree: ShareTree, request: FileRequest, habits: Habits): FileReply {
  const file = () => fileAt(tree, request.path, habits.folderAsFile);
  switch (request.operation) {
    case 'Create Directory':
      return createDirectory(tree, request);
    case 'Get Directory Properties':
      return directoryProperties(tree, request);
    case 'Delete Directory':
      return deleteDirectory(tree, request);
    case 'List Directories and Files':
      return listDirectory(tree, request, habits.pageSize);
    case 'Create File':
      return createFile(tree, request);
    case 'Put Range':
      return putRange(tree, file(), request);
    case 'Get File':
      return getFile(file(), request);
    case 'Get File Properties':
      return fileProperties(file());
    case 'Set File Properties':
      return setFileProperties(tree, file(), request);
    case 'Set File Metadata':
      return setFileMetadata(tree, file(), request);
    case 'Lease File':
      return leaseFile(file(), request);
    case 'Delete File':
      return deleteFile(tree, file(), request);
    case 'Rename File':
      return renameFile(tree, request, habits);
  }
}
