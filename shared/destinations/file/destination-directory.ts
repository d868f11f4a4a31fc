import { posix, win32 } from 'node:path';

/**
 * What is wrong with a Destination Directory, or undefined. The guide refuses mapped drives: a service sees other drive
 * letters than its user. A path of the kind this platform does not have would become a strange relative one.
 *
 * On Windows a letter may still be a mapped drive; nothing tells it from a local one until it is used, so the console
 * and the documentation ask for `\\server\share\folder`, as the guide does.
 */
export function directoryFault(directory: string, platform: NodeJS.Platform): string | undefined {
  if (directory.includes('\0')) return 'a path has no NUL character';
  if (platform === 'win32') {
    if (/^[\\/]{2}[^\\/]+[\\/]+[^\\/]+/.test(directory)) return undefined;
    return win32.isAbsolute(directory) && /^[A-Za-z]:/.test(directory)
      ? undefined
      : 'give a whole path, such as D:\\archive or \\\\server\\share\\archive';
  }
  if (/^[A-Za-z]:/.test(directory))
    return 'drive letters are Windows only; give a path such as /data/archive';
  if (/^(\\\\|\/\/)/.test(directory)) return 'mount the share and give the path it is mounted at';
  return posix.isAbsolute(directory) ? undefined : 'give a whole path, such as /data/archive';
}
