import type { IncomingMessage } from 'node:http';
import { ServiceError } from './service-error.ts';
import { parsePath } from './share-tree.ts';

/** What a request asks for, by the documentation's names. */
export type Operation =
  | 'Create Directory'
  | 'Get Directory Properties'
  | 'Delete Directory'
  | 'List Directories and Files'
  | 'Create File'
  | 'Put Range'
  | 'Get File'
  | 'Get File Properties'
  | 'Set File Properties'
  | 'Set File Metadata'
  | 'Rename File'
  | 'Lease File'
  | 'Delete File';

export interface FileRequest {
  readonly operation: Operation;
  readonly share: string;
  /** Parts of the path in the share. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  header(name: string): string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface FileReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

export function parseRequest(request: IncomingMessage, body: Buffer): FileRequest {
  const url = new URL(request.url ?? '/', 'http://share.invalid');
  const { share, path } = parseResource(url);
  const { headers } = request;
  const header = (name: string) => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(',') : value;
  };
  const operation = operationOf(request.method ?? '', url.searchParams, header('x-ms-type'));
  return { operation, share, path, query: url.searchParams, header, headers, body };
}

export const account = 'account';

/**
 * Share and path of an address: /share/folder/file, percent-encoded. The account's name may come first; on a host that
 * is not the service's own the client puts it there, and leaves it out again in the new name of a rename.
 */
export function parseResource(url: URL): { readonly share: string; readonly path: readonly string[] } {
  const parts = decodeURIComponent(url.pathname)
    .replace(/^\/|\/$/g, '')
    .split('/');
  const [share = '', ...rest] = parts[0] === account ? parts.slice(1) : parts;
  return { share, path: rest.length === 0 ? [] : parsePath(rest.join('/')) };
}

function operationOf(method: string, query: URLSearchParams, type: string | undefined): Operation {
  const [kind, part] = [query.get('restype'), query.get('comp')];
  const asked = [method, kind, part].filter((word) => word !== null).join(' ');
  const operation = operations[asked] ?? (asked === 'PUT' && type === 'file' ? 'Create File' : undefined);
  // Said loudly: what is missing here must not look like an answer of the service.
  if (operation === undefined) throw new ServiceError(501, `the stand-in does not do "${asked}"`);
  return operation;
}

const operations: Readonly<Record<string, Operation>> = {
  'PUT directory': 'Create Directory',
  'GET directory': 'Get Directory Properties',
  'HEAD directory': 'Get Directory Properties',
  'DELETE directory': 'Delete Directory',
  'GET directory list': 'List Directories and Files',
  'PUT range': 'Put Range',
  GET: 'Get File',
  HEAD: 'Get File Properties',
  'PUT properties': 'Set File Properties',
  'PUT metadata': 'Set File Metadata',
  'PUT rename': 'Rename File',
  'PUT lease': 'Lease File',
  DELETE: 'Delete File',
};
