import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { type FoundFile, findFile } from '../catalog/stored-file.ts';
import type { ByteRange, StoredContents, StoredFile } from '../destinations/destination.ts';
import { Failure } from '../errors.ts';
import type { Services } from '../services.ts';
import { loadSettings } from '../settings/settings-store.ts';
import type { ApiEnvironment } from './environment.ts';
import { contentHeaders, etagOf } from './files-headers.ts';
import { askedRange, mayGiveRange, mostBytes } from './files-range.ts';
import { notFound, problemOf, problemResponse } from './problem.ts';

/** Gives out a stored file or a part of it; a request by HEAD gets the headers of the whole. */
export async function giveContent(
  context: Context<ApiEnvironment>,
  services: Services,
  id: string,
): Promise<Response> {
  const { listed, file } = await fileOf(services, id);
  const contents = await contentsOf(services, listed.destination);
  const headers = contentHeaders(file);
  if (context.req.method === 'HEAD') {
    await contents.read(file);
    return new Response(null, { headers: { ...headers, 'content-length': String(file.size) } });
  }
  const isSame = mayGiveRange(context.req.header('if-range'), etagOf(file));
  const range = isSame ? askedRange(context.req.header('range'), file.size) : 'whole';
  if (range === 'unsatisfiable') return unsatisfiable(file);
  if (range === 'whole' && file.size > mostBytes) throw isSame ? rangeRequired(file) : partOfAnother(file);
  const part = range === 'whole' ? { from: 0, to: file.size } : range;
  const bytes = await readPart(contents, file, part);
  const said = `bytes ${part.from}-${part.to - 1}/${file.size}`;
  context.get('note')?.({ file: `${listed.destination}: ${said} of ${file.sha256} ${file.name}` });
  return new Response(bytes, {
    status: range === 'whole' ? 200 : 206,
    headers: {
      ...headers,
      'content-length': String(bytes.length),
      ...(range === 'whole' ? {} : { 'content-range': said }),
    },
  });
}

/** Throws `Failure` `not-found`. */
export async function fileNamed({ state }: Services, id: string): Promise<FoundFile> {
  const found = await findFile(state, id);
  if (found) return found;
  throw notFound('There is no file of this id: take it from a list of files.');
}

/** One that has content. */
async function fileOf(services: Services, id: string): Promise<FoundFile> {
  const found = await fileNamed(services, id);
  const { state, name, goneAt, why } = found.listed;
  if (state === 'pruned' || state === 'replaced')
    throw new Failure(
      'terminal',
      'file-gone',
      `${name} was stored and is no more since ${goneAt ?? 'then'}: ${why ?? 'another has its name.'}`,
    );
  return found;
}

async function contentsOf(services: Services, id: string): Promise<StoredContents> {
  const { settings } = await loadSettings(services.state);
  const setting = settings.destinations.find((one) => one.id === id);
  if (!setting)
    throw new Failure(
      'terminal',
      'unknown-destination',
      `There is no destination "${id}" in the settings any more. Its files are where they were; add it again to reach them.`,
    );
  const { contents, name } = await services.destination(setting);
  if (contents) return contents;
  throw new Failure('terminal', 'no-contents', `"${name}" does not give out what it has stored.`);
}

/**
 * In memory, so that what goes wrong on the way is an answer of its own and never a file that ends early. What is given
 * out whole has the hash that it was stored with.
 */
async function readPart(
  contents: StoredContents,
  file: StoredFile,
  { from, to }: ByteRange,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(to - from);
  let length = 0;
  const chunks = await contents.read(file, to > from ? { from, to } : undefined);
  for await (const chunk of chunks) {
    if (length + chunk.length > bytes.length) throw changed(file, 'more bytes came');
    bytes.set(chunk, length);
    length += chunk.length;
  }
  if (length !== bytes.length) throw changed(file, `it ended at byte ${from + length} of ${file.size}`);
  const isWhole = length === file.size;
  if (isWhole && createHash('sha256').update(bytes).digest('hex') !== file.sha256)
    throw changed(file, 'another SHA-256');
  return bytes;
}

function changed({ name }: StoredFile, how: string): Failure {
  return new Failure(
    'item',
    'file-changed',
    `${name} is not what was stored under this name (${how}): "verify" lists what else was changed.`,
  );
}

function rangeRequired({ name, size }: StoredFile): Failure {
  return new Failure(
    'terminal',
    'range-required',
    `${name} has ${size} bytes: ask for it in ranges of at most ${mostBytes} bytes (Range: bytes=0-${mostBytes - 1}).`,
  );
}

function partOfAnother({ name }: StoredFile): Failure {
  return new Failure(
    'terminal',
    'part-of-another',
    `${name} is another file than the one that If-Range names: begin again, without If-Range.`,
  );
}

function unsatisfiable({ name, size }: StoredFile): Response {
  const told = `${name} has ${size} bytes, and none of those that were asked for.`;
  const response = problemResponse(problemOf(new Failure('terminal', 'range-not-satisfiable', told)));
  response.headers.set('content-range', `bytes */${size}`);
  return response;
}
