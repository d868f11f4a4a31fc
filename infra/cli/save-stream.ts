import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { CliError } from './command.ts';

/** A body that comes in one answer, into a file that is there whole or not at all. Resolves to its bytes. */
export async function saveBody(response: Response, path: string): Promise<number> {
  const draft = `${path}.${randomUUID().slice(0, 8)}.part`;
  try {
    const file = await open(draft, 'wx', 0o600);
    let bytes = 0;
    try {
      for await (const chunk of response.body ?? []) {
        await file.writeFile(chunk);
        bytes += chunk.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    return bytes;
  } catch (error) {
    await rm(draft, { force: true });
    const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new CliError(2, `${path} cannot be written (${why}).`, { cause: error });
  }
}
