import { Failure } from '../errors.ts';

export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

/**
 * An error of the file system as a Failure. A Failure, and what is no error of the file system, is handed back as it is.
 *
 * @param where what was worked on, for the message: `folder /data/recordings of destination "Archive"`
 */
export function fileFailure(error: unknown, where: string): unknown {
  const code = errorCode(error);
  if (error instanceof Failure || !/^E[A-Z0-9]+$/.test(code)) return error;
  const options = { cause: error };
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new Failure(
      'terminal',
      'disk-full',
      `No space left in ${where} (${code}). Free space or raise the quota.`,
      options,
    );
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new Failure(
      'terminal',
      'no-access',
      `No right to work in ${where} (${code}). Check its permissions.`,
      options,
    );
  }
  if (code === 'ENOTDIR' || code === 'EISDIR' || code === 'EEXIST' || code === 'ELOOP') {
    return new Failure(
      'terminal',
      'not-a-folder',
      `Something else is where a folder should be: ${where} (${code}). Move it away or give another folder.`,
      options,
    );
  }
  if (code === 'EXDEV') {
    return new Failure(
      'terminal',
      'other-file-system',
      `Part of ${where} is another file system (${code}). A destination is one file system with all its folders.`,
      options,
    );
  }
  if (code === 'ENAMETOOLONG' || code === 'EILSEQ' || code === 'EINVAL') {
    return new Failure(
      'item',
      'name-refused',
      `The file system refuses a name in ${where} (${code}).`,
      options,
    );
  }
  return new Failure('transient', 'file-system', `Work in ${where} failed (${code}).`, options);
}
