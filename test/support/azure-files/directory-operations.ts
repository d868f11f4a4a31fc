import type { FileReply, FileRequest } from './file-request.ts';
import { escapeXml, ServiceError } from './service-error.ts';
import type { DirectoryNode, FileNode, ShareTree } from './share-tree.ts';

export function createDirectory(tree: ShareTree, { path }: FileRequest): FileReply {
  const found = tree.find(path);
  if (found !== undefined) {
    throw new ServiceError(409, found.kind === 'file' ? 'ResourceTypeMismatch' : 'ResourceAlreadyExists');
  }
  const made = tree.directory(path.at(-1) ?? '');
  tree.put(path, made);
  return { status: 201, headers: headersOf(made) };
}

export function directoryProperties(tree: ShareTree, { path }: FileRequest): FileReply {
  return { status: 200, headers: headersOf(directoryAt(tree, path)) };
}

export function deleteDirectory(tree: ShareTree, { path }: FileRequest): FileReply {
  if (directoryAt(tree, path).children.size > 0) throw new ServiceError(409, 'DirectoryNotEmpty');
  tree.drop(path);
  return { status: 202, headers: {} };
}

/** A page of a folder in order of names; the marker is the name the next page begins with. */
export function listDirectory(tree: ShareTree, request: FileRequest, pageSize: number): FileReply {
  const { path, query, share } = request;
  const directory = directoryAt(tree, path);
  const prefix = query.get('prefix') ?? '';
  const marker = query.get('marker') ?? '';
  const asked = query.get('maxresults');
  if (asked !== null && Number(asked) <= 0) throw new ServiceError(400, 'OutOfRangeQueryParameterValue');
  const size = Math.min(Number(asked ?? pageSize), pageSize);
  const all = [...directory.children.entries()]
    .filter(([key, { name }]) => name.startsWith(prefix) && key >= marker)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const times = (query.get('include') ?? '').split(',').includes('Timestamps');
  const entries = all.slice(0, size).map(([, node]) => entryXml(node, times));
  const next = all[size]?.[0] ?? '';
  const body = [
    '<?xml version="1.0" encoding="utf-8"?>',
    `<EnumerationResults ServiceEndpoint="https://account.file.core.windows.net/" ShareName="${share}" `,
    `DirectoryPath="${escapeXml(path.join('/'))}">`,
    prefix === '' ? '' : `<Prefix>${escapeXml(prefix)}</Prefix>`,
    marker === '' ? '' : `<Marker>${escapeXml(marker)}</Marker>`,
    `<DirectoryId>${directory.id}</DirectoryId><Entries>${entries.join('')}</Entries>`,
    next === '' ? '<NextMarker />' : `<NextMarker>${escapeXml(next)}</NextMarker>`,
    '</EnumerationResults>',
  ].join('');
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
}

function entryXml(node: FileNode | DirectoryNode, times: boolean): string {
  const tag = node.kind === 'file' ? 'File' : 'Directory';
  const [written, modified] =
    node.kind === 'file' ? [node.lastWrite, node.lastModified] : [node.created, node.created];
  const stamps = times
    ? `<CreationTime>${fileTime(node.created)}</CreationTime><LastAccessTime>${fileTime(written)}</LastAccessTime>` +
      `<LastWriteTime>${fileTime(written)}</LastWriteTime><ChangeTime>${fileTime(modified)}</ChangeTime>` +
      `<Last-Modified>${modified.toUTCString()}</Last-Modified>`
    : '';
  const length = node.kind === 'file' ? `<Content-Length>${node.size}</Content-Length>` : '';
  const name = `<Name>${escapeXml(node.name)}</Name><FileId>${node.id}</FileId>`;
  return `<${tag}>${name}<Properties>${length}${stamps}</Properties></${tag}>`;
}

function directoryAt(tree: ShareTree, path: readonly string[]): DirectoryNode {
  const found = tree.find(path);
  if (found?.kind !== 'directory') throw new ServiceError(404, 'ResourceNotFound');
  return found;
}

function headersOf({ etag, created, id }: DirectoryNode): Record<string, string> {
  return {
    etag,
    'last-modified': created.toUTCString(),
    'x-ms-file-attributes': 'Directory',
    'x-ms-file-creation-time': fileTime(created),
    'x-ms-file-id': id,
  };
}

/** With seven digits after the point, as Azure Files writes it. */
export function fileTime(at: Date): string {
  return at.toISOString().replace('Z', '0000Z');
}
