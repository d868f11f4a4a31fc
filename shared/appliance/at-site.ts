import { Failure } from '../errors.ts';

/** What reads replies knows nothing of the site: its failures get the site put in front, those that name it stay. */
export function atSite(error: unknown, where: string): unknown {
  if (!(error instanceof Failure) || error.message.includes(where)) return error;
  const { kind, code, message, retryAfterMs } = error;
  return new Failure(kind, code, `${where}: ${message}`, {
    cause: error,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
