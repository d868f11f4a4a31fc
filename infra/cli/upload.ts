import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { z } from 'zod';
import { importSchema } from '../../shared/api/import-answers.ts';
import type { ApiClient } from './api-client.ts';
import { CliError } from './command.ts';
import { hashOf } from './download.ts';
import { whyUnreadable } from './option-values.ts';
import { listPages } from './pages.ts';

type Import = z.output<typeof importSchema>;

/** Some at once, so that the way there and back is not waited for each time. */
const AT_ONCE = 3;

/**
 * Sends a file in parts; one that was begun before, and is the same by its SHA-256, goes on with the parts that are
 * missing, in their own size. Resolves to the import with all its parts. Throws CliError.
 */
export async function uploadFile(
  client: ApiClient,
  path: string,
  partBytes: number | undefined,
  onProgress: (parts: number, of: number) => void,
): Promise<Import> {
  const { size, name } = await lookAt(path);
  const begun = await findBegun(client, name, size);
  let shown =
    begun ??
    importSchema.parse(
      await client.json('POST', '/imports', {
        body: { name, size, ...(partBytes === undefined ? {} : { partBytes }) },
      }),
    );
  while (shown.missing.length > 0) {
    await sendParts(client, path, shown, onProgress);
    shown = importSchema.parse(await client.json('GET', `/imports/${shown.id}`));
  }
  onProgress(shown.parts, shown.parts);
  return shown;
}

/** Two files of one name and size are told apart by what is in them. */
async function lookAt(path: string): Promise<{ size: number; name: string }> {
  try {
    const hash = await hashOf(path);
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size === 0) throw new CliError(2, `${path}: is empty.`);
      const shown = basename(path).replaceAll(/[\p{Cc}\p{Cf}]/gu, '_');
      return { size, name: `${shown.slice(-150)} (SHA-256 ${hash.slice(0, 16)})` };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(2, `${path}: ${whyUnreadable(error)}.`, { cause: error });
  }
}

async function findBegun(client: ApiClient, name: string, size: number): Promise<Import | undefined> {
  for await (const { rows } of listPages({
    client,
    path: '/imports',
    page: 'next',
    field: 'imports',
    most: 200,
  })) {
    const found = rows
      .map((row) => importSchema.parse(row))
      .find((one) => one.name === name && one.size === size && one.state !== 'loading');
    if (found) return found;
  }
  return undefined;
}

async function sendParts(
  client: ApiClient,
  path: string,
  { id, missing, partBytes, parts, received }: Import,
  onProgress: (parts: number, of: number) => void,
): Promise<void> {
  const file = await open(path, 'r');
  const waiting = missing.values();
  let there = received;
  const send = async () => {
    const buffer = new Uint8Array(partBytes);
    for (const number of waiting) {
      const { bytesRead } = await file.read(buffer, 0, partBytes, (number - 1) * partBytes);
      const body = buffer.subarray(0, bytesRead);
      const digest = createHash('sha256').update(body).digest('base64');
      await client.ask('PUT', `/imports/${id}/parts/${number}`, {
        body,
        headers: { 'content-type': 'application/octet-stream', 'content-digest': `sha-256=:${digest}:` },
      });
      onProgress(++there, parts);
    }
  };
  onProgress(there, parts);
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, send));
  } finally {
    await file.close();
  }
}
