import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RpcHttpCookie, RpcHttpData, RpcInvocationResponse, RpcNullableString } from './core-types.ts';
import { typedDataToBytes } from './typed-data.ts';

/** Azure refuses larger requests. */
export const bodyLimitBytes = 104_857_600;

export class BodyTooLarge extends Error {}

/** @throws BodyTooLarge */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > bodyLimitBytes) throw new BodyTooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimitBytes) throw new BodyTooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The request as Azure's host sends it to a worker: header names in lower case, repeated values joined. */
export function toRpcRequest(
  request: IncomingMessage,
  url: URL,
  params: Readonly<Record<string, string>>,
  body: Buffer,
): RpcHttpData {
  const query: Record<string, RpcNullableString> = {};
  for (const name of new Set(url.searchParams.keys())) {
    query[name] = { value: url.searchParams.getAll(name).join(',') };
  }
  const headers: Record<string, RpcNullableString> = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    headers[name] = { value: (values ?? []).join(name === 'cookie' ? '; ' : ',') };
  }
  return {
    method: request.method ?? 'GET',
    url: url.href,
    nullableQuery: query,
    nullableHeaders: headers,
    nullableParams: Object.fromEntries(Object.entries(params).map(([name, value]) => [name, { value }])),
    body: body.length > 0 ? { bytes: body } : null,
  };
}

/** Headers that Node's server sets by itself from the body it is given. */
const ownHeaders = new Set(['transfer-encoding', 'connection', 'content-length']);

export function sendRpcResponse(
  response: ServerResponse,
  result: RpcInvocationResponse,
  isHead: boolean,
): void {
  const http = result.returnValue?.http;
  if (!http) {
    // Nothing returned: Azure's host answers 200 without a body.
    response.writeHead(200, { 'content-length': 0 }).end();
    return;
  }
  const status = Number(http.statusCode ?? 200);
  const body = typedDataToBytes(http.body);
  for (const [name, value] of Object.entries(http.headers ?? {})) {
    if (!ownHeaders.has(name.toLowerCase())) response.setHeader(name, value);
  }
  const cookies = (http.cookies ?? []).map(serializeCookie);
  if (cookies.length > 0) response.appendHeader('set-cookie', cookies);
  const bodiless = status === 204 || status === 304;
  if (!bodiless) response.setHeader('content-length', body.length);
  response.writeHead(status).end(isHead || bodiless ? undefined : body);
}

function serializeCookie(cookie: RpcHttpCookie): string {
  const parts = [`${encodeURIComponent(cookie.name ?? '')}=${encodeURIComponent(cookie.value ?? '')}`];
  const seconds = cookie.expires?.value?.seconds;
  if (typeof seconds === 'number') parts.push(`expires=${new Date(seconds * 1000).toUTCString()}`);
  if (typeof cookie.maxAge?.value === 'number') parts.push(`max-age=${cookie.maxAge.value}`);
  if (cookie.domain?.value) parts.push(`domain=${cookie.domain.value}`);
  if (cookie.path?.value) parts.push(`path=${cookie.path.value}`);
  if (cookie.secure?.value) parts.push('secure');
  if (cookie.sameSite && cookie.sameSite !== 'none') {
    parts.push(`samesite=${cookie.sameSite === 'explicitNone' ? 'none' : cookie.sameSite}`);
  }
  if (cookie.httpOnly?.value) parts.push('httponly');
  return parts.join('; ');
}
