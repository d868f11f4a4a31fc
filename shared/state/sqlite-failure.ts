import { Failure } from '../errors.ts';

const full = 13;
const busy = 5;
const locked = 6;

/** SQLite's primary result code, or undefined when the error is not SQLite's. */
function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

/** What SQLite says, as a Failure that names the file. Anything else is handed back as it is. */
export function sqliteFailure(error: unknown, path: string): unknown {
  const code = resultCode(error);
  if (code === undefined) return error;
  const text = error instanceof Error ? error.message : 'unknown error';
  if (code === full) {
    return new Failure(
      'terminal',
      'disk-full',
      `The state file ${path} cannot grow: the disk or its quota is full. Free space, then run again.`,
      { cause: error },
    );
  }
  if (code === busy || code === locked) {
    return new Failure(
      'transient',
      'state-busy',
      `The state file ${path} is in use by another process: ${text}.`,
      {
        cause: error,
      },
    );
  }
  return new Failure(
    'terminal',
    'state-unusable',
    `The state file ${path} cannot be used: ${text}. Check the file, its folder and the rights to them.`,
    { cause: error },
  );
}
