import type { Failure } from '../../errors.ts';

/** Failures that come before a request is sent, or in place of working on it: then it may be sent again. */
export function wasRefusedUnread({ code, cause }: Failure): boolean {
  if (code === 'too-many-requests' || code === 'tls') return true;
  if (code !== 'unreachable') return false;
  // The same errno can end a connection that stood.
  const syscall = cause instanceof Error && 'syscall' in cause ? cause.syscall : undefined;
  return syscall !== 'read' && syscall !== 'write';
}
