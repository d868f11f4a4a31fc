import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BlobServiceClient } from '@azure/storage-blob';
import { open, takeToken } from '../appliance/plain-client.ts';
import type { ApiAccount, SimulatedAppliance } from '../appliance/simulated-appliance.ts';
import { type Carry, CONTAINER, type Errand } from './recordings-errand.ts';

/** Node's own `pipeline` to a file, or the Blob library's `uploadStream` with its defaults; hashed on the way. */
export async function plain({ appliance, folder, connectionString }: Errand): Promise<Carry> {
  const { port, caPem, account } = appliance;
  const address = { port, caPem } as SimulatedAppliance;
  const token = await takeToken(address, account as ApiAccount);
  const read = (lsid: string) =>
    open(address, `/api/reporting?generate_report=SupportSessionRecording&lsid=${lsid}`, { token });
  if (connectionString === undefined)
    return async (lsid) => {
      const hashing = new Hashing();
      await pipeline(await read(lsid), hashing, createWriteStream(join(folder, `${lsid}.flv`)));
      return hashing.size;
    };
  const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(CONTAINER);
  await container.create();
  return async (lsid) => {
    const hashing = new Hashing();
    const body = await read(lsid);
    const piping = pipeline(body, hashing);
    await container.getBlockBlobClient(`${lsid}.flv`).uploadStream(hashing);
    await piping;
    return hashing.size;
  };
}

class Hashing extends Transform {
  size = 0;
  sha256 = '';
  readonly #hash = createHash('sha256');

  override _transform(chunk: Uint8Array, _encoding: string, done: (error: null, chunk: Uint8Array) => void) {
    this.#hash.update(chunk);
    this.size += chunk.length;
    done(null, chunk);
  }

  override _flush(done: () => void) {
    this.sha256 = this.#hash.digest('hex');
    done();
  }
}
