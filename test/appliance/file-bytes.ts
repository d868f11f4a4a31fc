import { createCipheriv, createHash, hash } from 'node:crypto';
import type { ReplyBody } from './reply.ts';

const pieceBytes = 64 * 1024;

/**
 * A file of any size that is never held: a header, then the key stream of AES-CTR under a key made from `name`. The
 * same name and size, the same bytes.
 */
export function madeFile(name: string, header: Uint8Array, size: number): ReplyBody {
  return {
    length: size,
    *chunks() {
      const key = hash('sha256', name, 'buffer');
      const stream = createCipheriv('aes-128-ctr', key.subarray(0, 16), key.subarray(16));
      const zeros = Buffer.alloc(Math.min(pieceBytes, size));
      let left = size;
      const head = header.subarray(0, left);
      left -= head.length;
      if (head.length > 0) yield head;
      while (left > 0) {
        const piece = stream.update(left < zeros.length ? zeros.subarray(0, left) : zeros);
        left -= piece.length;
        yield piece;
      }
    },
  };
}

export function fileSha256(body: ReplyBody): string {
  const digest = createHash('sha256');
  for (const chunk of body.chunks()) digest.update(chunk);
  return digest.digest('hex');
}

/** The first bytes of a Flash video with sound and picture. */
export const flashVideoHeader = Buffer.from('464c5601050000000900000000', 'hex');

/** Site backups are a format of the vendor; a reader can only see that this is no document. */
export const backupHeader = Buffer.from('NSB\0\x01\x00\x00\x00', 'latin1');
