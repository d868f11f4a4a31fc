import { fileTime } from './directory-operations.ts';
import { type FileReply, type FileRequest, parseResource } from './file-request.ts';
import { checkLease } from './leases.ts';
import { ServiceError } from './service-error.ts';
import { contentOf, type FileNode, type ShareTree } from './share-tree.ts';

const maxRangeBytes = 4 * 1024 * 1024;
const maxMetadataBytes = 8 * 1024;

export function fileAt(tree: ShareTree, path: readonly string[], asFile: string): FileNode {
  const found = tree.find(path);
  if (found === undefined) throw new ServiceError(404, 'ResourceNotFound');
  if (found.kind === 'directory') throw new ServiceError(asFile === 'ResourceNotFound' ? 404 : 409, asFile);
  return found;
}

/** Whoever changes a file must name its lease, and no SMB client may have it open. */
export function checkWrite(file: FileNode, lease: string | undefined): void {
  checkLease(file, lease);
  if (file.openBySmb) throw new ServiceError(409, 'SharingViolation');
}

export function createFile(tree: ShareTree, request: FileRequest): FileReply {
  const { path, body } = request;
  const size = Number(request.header('x-ms-content-length') ?? 'none');
  if (!Number.isInteger(size)) throw new ServiceError(400, 'MissingRequiredHeader');
  if (size > 4 * 1024 ** 4 || body.byteLength > 0) throw new ServiceError(400, 'InvalidHeaderValue');
  const found = tree.find(path);
  if (found?.kind === 'directory') throw new ServiceError(409, 'ResourceTypeMismatch');
  if (found !== undefined) {
    checkWrite(found, request.header('x-ms-lease-id'));
    if (found.readOnly) throw new ServiceError(409, 'ReadOnlyAttribute');
  } else if (request.header('x-ms-lease-id') !== undefined) {
    throw new ServiceError(412, 'LeaseNotPresentWithFileOperation');
  }
  const made = tree.file(path.at(-1) ?? '', size);
  made.contentType = request.header('x-ms-content-type') ?? 'application/octet-stream';
  made.metadata = metadataOf(request) ?? {};
  made.lease = found?.lease;
  tree.put(path, made);
  return { status: 201, headers: headersOf(made) };
}

export function putRange(tree: ShareTree, file: FileNode, request: FileRequest): FileReply {
  const { body } = request;
  checkWrite(file, request.header('x-ms-lease-id'));
  if (file.readOnly) throw new ServiceError(409, 'ReadOnlyAttribute');
  if (request.header('x-ms-write') !== 'update') throw new ServiceError(400, 'InvalidHeaderValue');
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.header('x-ms-range') ?? request.header('range') ?? '');
  const [start, end] = [Number(range?.[1]), Number(range?.[2])];
  if (range === null || end - start + 1 !== body.byteLength)
    throw new ServiceError(400, 'InvalidHeaderValue');
  if (body.byteLength > maxRangeBytes) throw new ServiceError(413, 'RequestBodyTooLarge');
  if (end >= file.size) throw new ServiceError(416, 'InvalidRange');
  const grown = Math.max(0, end + 1 - file.bytes.byteLength);
  if (tree.used() + grown > tree.quota) throw new ServiceError(403, 'ShareSizeLimitReached');
  if (grown > 0) file.bytes = Buffer.concat([file.bytes, Buffer.alloc(grown)]);
  body.copy(file.bytes, start);
  tree.touch(file, { content: true });
  return { status: 201, headers: headersOf(file) };
}

export function getFile(file: FileNode, request: FileRequest): FileReply {
  const all = contentOf(file);
  const asked = /^bytes=(\d+)-(\d*)$/.exec(request.header('x-ms-range') ?? request.header('range') ?? '');
  const headers = { ...headersOf(file), 'accept-ranges': 'bytes' };
  if (asked === null) return { status: 200, headers, body: all };
  const start = Number(asked[1]);
  const end = asked[2] ? Math.min(Number(asked[2]), file.size - 1) : file.size - 1;
  if (start >= file.size) throw new ServiceError(416, 'InvalidRange');
  const range = `bytes ${start}-${end}/${file.size}`;
  return { status: 206, headers: { ...headers, 'content-range': range }, body: all.subarray(start, end + 1) };
}

export function fileProperties(file: FileNode): FileReply {
  return { status: 200, headers: { ...headersOf(file), 'content-length': String(file.size) } };
}

/** Only the length: nothing else changes. Anything else: what is not given is cleared. */
export function setFileProperties(tree: ShareTree, file: FileNode, request: FileRequest): FileReply {
  checkWrite(file, request.header('x-ms-lease-id'));
  const type = request.header('x-ms-content-type');
  const length = request.header('x-ms-content-length');
  if (length === undefined || type !== undefined) file.contentType = type;
  if (length !== undefined) {
    file.size = Number(length);
    file.bytes = file.bytes.subarray(0, file.size);
  }
  tree.touch(file, { content: length !== undefined });
  return { status: 200, headers: headersOf(file) };
}

export function setFileMetadata(tree: ShareTree, file: FileNode, request: FileRequest): FileReply {
  checkWrite(file, request.header('x-ms-lease-id'));
  file.metadata = metadataOf(request) ?? {};
  tree.touch(file);
  return { status: 200, headers: headersOf(file) };
}

export function deleteFile(tree: ShareTree, file: FileNode, request: FileRequest): FileReply {
  checkWrite(file, request.header('x-ms-lease-id'));
  if (file.readOnly) throw new ServiceError(409, 'ReadOnlyAttribute');
  tree.drop(request.path);
  return { status: 202, headers: {} };
}

export interface RenameHabits {
  /** What a folder at the new name is answered with. */
  readonly folderInTheWay: 'ResourceAlreadyExists' | 'ResourceTypeMismatch';
  /** Whether a lease of the file that is replaced stays with the name. */
  readonly leaseSurvives: boolean;
}

export function renameFile(tree: ShareTree, request: FileRequest, habits: RenameHabits): FileReply {
  const flag = (name: string) => request.header(name)?.toLowerCase() === 'true';
  const replace = flag('x-ms-file-rename-replace-if-exists');
  const ignoreReadOnly = flag('x-ms-file-rename-ignore-readonly');
  if (ignoreReadOnly && !replace) throw new ServiceError(400, 'InvalidHeaderValue');
  const from = parseResource(new URL(request.header('x-ms-file-rename-source') ?? 'none:'));
  if (from.share !== request.share) throw new ServiceError(400, 'InvalidHeaderValue');
  const source = fileAt(tree, from.path, 'ResourceTypeMismatch');
  checkWrite(source, request.header('x-ms-source-lease-id'));
  const target = tree.find(request.path);
  const lease = request.header('x-ms-destination-lease-id');
  if (target?.kind === 'directory') throw new ServiceError(409, habits.folderInTheWay);
  if (target !== undefined) {
    if (!replace) throw new ServiceError(409, 'ResourceAlreadyExists');
    checkWrite(target, lease);
    if (target.readOnly && !ignoreReadOnly) throw new ServiceError(409, 'ReadOnlyAttribute');
  } else if (lease !== undefined) {
    throw new ServiceError(412, 'LeaseNotPresentWithFileOperation');
  }
  tree.drop(from.path);
  source.name = request.path.at(-1) ?? '';
  source.metadata = metadataOf(request) ?? source.metadata;
  source.contentType = request.header('x-ms-content-type') ?? source.contentType;
  if (habits.leaseSurvives) source.lease = target?.lease;
  tree.put(request.path, source);
  tree.touch(source);
  return { status: 200, headers: headersOf(source) };
}

/** Metadata of the request; undefined when it names none. */
function metadataOf({ headers }: FileRequest): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith('x-ms-meta-') || typeof value !== 'string') continue;
    const key = name.slice('x-ms-meta-'.length);
    if (!/^[a-z_][a-z0-9_]*$/.test(key)) throw new ServiceError(400, 'InvalidMetadata');
    if (/[^\u0020-\u007e]/.test(value)) throw new ServiceError(400, 'InvalidMetadata');
    bytes += key.length + value.length;
    found[key] = value;
  }
  if (bytes > maxMetadataBytes) throw new ServiceError(400, 'MetadataTooLarge');
  return bytes === 0 ? undefined : found;
}

function headersOf(file: FileNode): Record<string, string> {
  const leased = file.lease?.state;
  return {
    etag: file.etag,
    'last-modified': file.lastModified.toUTCString(),
    'x-ms-type': 'File',
    'x-ms-file-attributes': file.readOnly ? 'ReadOnly' : 'None',
    'x-ms-file-creation-time': fileTime(file.created),
    'x-ms-file-last-write-time': fileTime(file.lastWrite),
    'x-ms-file-change-time': fileTime(file.lastModified),
    'x-ms-file-id': file.id,
    'x-ms-lease-state': leased ?? 'available',
    'x-ms-lease-status': leased === 'leased' ? 'locked' : 'unlocked',
    ...(file.contentType === undefined ? {} : { 'content-type': file.contentType }),
    ...Object.fromEntries(Object.entries(file.metadata).map(([name, value]) => [`x-ms-meta-${name}`, value])),
  };
}
