import { xmlText } from './xml-text.ts';

/** What is to be sent, before any fault is laid over it. */
export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: ReplyBody;
  readonly framing: Framing;
}

export type Framing = 'length' | 'chunked' | 'none';

export interface ReplyBody {
  /** Bytes in all; `undefined` where only sending it tells. */
  readonly length: number | undefined;
  /** Can be asked for more than once and gives the same bytes. */
  chunks(sent?: SentSessions): Iterable<Uint8Array>;
}

/** Told of each session as it goes into the body. */
export interface SentSessions {
  /** @param endsAt bytes of the body up to the end of this session */
  add(index: number, sha256: Buffer, endsAt: number): void;
}

export const xmlType = 'text/xml; charset=UTF-8';
export const xmlHead = '<?xml version="1.0" encoding="UTF-8"?>\n';

export function textReply(
  status: number,
  contentType: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  const bytes = Buffer.from(text);
  return {
    status,
    contentType,
    headers,
    framing: 'length',
    body: { length: bytes.length, chunks: () => [bytes] },
  };
}

export function xmlReply(xml: string): Reply {
  return textReply(200, xmlType, `${xmlHead}${xml}\n`);
}

export function jsonReply(status: number, value: unknown): Reply {
  return textReply(status, 'application/json', JSON.stringify(value));
}

export function namespaceAttribute(namespace: string): string {
  return namespace === '' ? '' : ` xmlns="${xmlText(namespace)}"`;
}

/** Appliances say nearly every error with status 200 (observed). */
export function errorReply(namespace: string, message: string, attributes = ''): Reply {
  return xmlReply(`<error${namespaceAttribute(namespace)}${attributes}>${xmlText(message)}</error>`);
}

/** API guide, authentication errors. */
export function deniedReply(): Reply {
  return jsonReply(401, {
    error: 'access_denied',
    message: 'The resource owner or authorization server denied the request.',
  });
}

/** A missing permission looks like a missing page (API guide, test scenario). */
export function notFoundReply(): Reply {
  return htmlReply(404, 'Document Not Found', 'The document you asked for does not exist on this site.');
}

export function htmlReply(status: number, title: string, text: string): Reply {
  return textReply(
    status,
    'text/html; charset=UTF-8',
    `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1><p>${text}</p></body></html>\n`,
  );
}
