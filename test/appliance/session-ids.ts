import { createCipheriv, createDecipheriv, hash } from 'node:crypto';

/** lsid ↔ index, both ways without a table: one AES block of the index and eight bytes that must come back as zero. */
export interface SessionIds {
  /** 32 hex digits. */
  lsid(index: number): string;
  /** `undefined` for an lsid that this appliance never gave. */
  index(lsid: string): number | undefined;
}

export function createSessionIds(product: string, seed: number): SessionIds {
  const key = hash('sha256', `lsid ${product} ${seed}`, 'buffer').subarray(0, 16);
  // Without padding, every whole block that goes in comes out at once, so one cipher serves for good.
  const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  const decipher = createDecipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  return {
    lsid(index) {
      const block = Buffer.alloc(16);
      block.writeUIntBE(index, 2, 6);
      return cipher.update(block).toString('hex');
    },
    index(lsid) {
      if (!/^[0-9a-f]{32}$/i.test(lsid)) return undefined;
      const block = decipher.update(Buffer.from(lsid, 'hex'));
      if (block.readUInt16BE(0) !== 0 || block.readBigUInt64BE(8) !== 0n) return undefined;
      return block.readUIntBE(2, 6);
    },
  };
}
