import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import type { ApiClient } from './api-client.ts';
import { CliError } from './command.ts';

/** What answers are limited to. */
const PART = 16 * 1024 * 1024;

export interface Downloaded {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * A stored file in parts, into PATH.part first, which a later call goes on with; PATH is there once all of it has come
 * and its SHA-256 is that of the file. Throws CliError.
 */
export async function downloadFile(
  client: ApiClient,
  wanted: { readonly id: string; readonly size: number; readonly sha256: string },
  path: string,
  onProgress: (bytes: number) => void,
): Promise<Downloaded> {
  const { id, size, sha256 } = wanted;
  // Of another file it would be another name.
  const draft = `${path}.${sha256.slice(0, 12)}.part`;
  if (await exists(path)) throw new CliError(2, `${path} is there already; nothing was changed.`);
  const file = await openDraft(draft);
  try {
    let at = (await file.stat()).size;
    if (at > size) {
      await file.truncate(0);
      at = 0;
    }
    onProgress(at);
    while (at < size) {
      const chunk = await part(client, id, sha256, at, Math.min(at + PART, size));
      await file.write(chunk, 0, chunk.length, at);
      at += chunk.length;
      onProgress(at);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  const found = await hashOf(draft);
  if (found !== sha256) {
    await rm(draft, { force: true });
    throw new CliError(1, `${path}: what came is not what was stored (SHA-256 ${found}); try again.`);
  }
  await rename(draft, path);
  return { bytes: size, sha256: found };
}

async function part(
  client: ApiClient,
  id: string,
  sha256: string,
  from: number,
  to: number,
): Promise<Uint8Array> {
  const response = await client.ask('GET', `/catalog/files/${encodeURIComponent(id)}/content`, {
    headers: { range: `bytes=${from}-${to - 1}`, 'if-range': `"${sha256}"` },
  });
  const said = response.headers.get('content-range');
  const bytes = await bytesOf(response);
  const isWhole = response.status === 200 && from === 0;
  const isPart = response.status === 206 && said?.startsWith(`bytes ${from}-`) === true;
  if ((!isWhole && !isPart) || bytes.length === 0 || bytes.length > to - from)
    throw new CliError(1, 'The file is not what it was when the download began; try again.');
  return bytes;
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw new CliError(2, 'The connection was cut; the same command goes on where it stopped.', {
      cause: error,
    });
  }
}

async function openDraft(path: string): Promise<FileHandle> {
  try {
    // Read and write, made where it is not there, its content kept.
    return await open(path, 'a+', 0o600).then(async (made) => {
      await made.close();
      return open(path, 'r+');
    });
  } catch (error) {
    throw new CliError(2, `${path} cannot be written (${(error as NodeJS.ErrnoException).code}).`, {
      cause: error,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
