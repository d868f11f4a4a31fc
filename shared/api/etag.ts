import type { Context } from 'hono';
import { Failure } from '../errors.ts';
import type { ApiEnvironment } from './environment.ts';

/** What whoever changes something has read before. */
export interface Expected {
  /** Absent: there must be none yet. */
  readonly etag?: string;
}

/** From `If-Match` or `If-None-Match: *`. Throws `Failure` `etag-missing` (428). */
export function expectedEtag(context: Context<ApiEnvironment>): Expected {
  const match = context.req.header('If-Match');
  if (match !== undefined) return { etag: unquote(match) };
  if (context.req.header('If-None-Match') === '*') return {};
  throw new Failure(
    'terminal',
    'etag-missing',
    'Send If-Match with the ETag of the settings you changed, or If-None-Match: * when there are none yet.',
  );
}

export function sendEtag(context: Context<ApiEnvironment>, etag: string | undefined): void {
  if (etag !== undefined) context.header('ETag', quote(etag));
}

/** For `headers` of an answer in the document. */
export const etagHeader = { ETag: 'Of the settings as a whole; send it back as If-Match with a change.' };

// A table's ETag is itself quoted and has a W/ in front: it travels as an opaque text of ours.
function quote(etag: string): string {
  return `"${encodeURIComponent(etag)}"`;
}

function unquote(header: string): string {
  try {
    return decodeURIComponent(header.trim().replace(/^W\//, '').replace(/^"|"$/g, ''));
  } catch {
    return header;
  }
}
