import type { IncomingMessage } from 'node:http';

/** A request, read whole. Parameters of the query and of a form are one list, the form's first. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  /** As sent, without the question mark. */
  readonly query: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly authorization: string;
  /** Media type of the body without parameters, lower case; empty where there is no body. */
  readonly bodyType: string;
  readonly body: string;
}

const bodyLimit = 1024 * 1024;

/** @returns `undefined` when the body is too large or broke off */
export async function readRequest(message: IncomingMessage): Promise<ApiRequest | undefined> {
  const url = new URL(message.url ?? '/', 'https://localhost');
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const piece of message as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > bodyLimit) return undefined;
      pieces.push(piece);
    }
  } catch {
    // The client went away while sending: there is nobody to answer.
    return undefined;
  }
  const body = Buffer.concat(pieces).toString();
  const type = (message.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const bodyType = size > 0 ? type : '';
  const form = bodyType === 'application/x-www-form-urlencoded' ? new URLSearchParams(body) : [];
  const parameters = { ...Object.fromEntries(url.searchParams), ...Object.fromEntries(form) };
  return {
    method: message.method ?? '',
    path: url.pathname,
    query: url.search.slice(1),
    parameters,
    authorization: message.headers.authorization ?? '',
    bodyType,
    body,
  };
}
