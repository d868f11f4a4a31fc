import { createHash } from 'node:crypto';
import { checkStagingName, type StagingStore, stagingMissing } from '../../shared/state/staging.ts';

/** Staging in memory, under the port's contract. */
export function memoryStaging(): StagingStore {
  const staged = new Map<string, Buffer>();
  return {
    async write(name, chunks) {
      checkStagingName(name);
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(Uint8Array.from(chunk));
      const bytes = Buffer.concat(parts);
      staged.set(name, bytes);
      return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    },
    async *read(name, range) {
      checkStagingName(name);
      const whole = staged.get(name);
      if (!whole) throw stagingMissing(name, 'memory');
      const bytes = range === undefined ? whole : whole.subarray(range.from, range.to);
      if (bytes.length > 0) yield bytes;
    },
    async remove(name) {
      checkStagingName(name);
      staged.delete(name);
    },
    async *list(prefix) {
      const names = [...staged.keys()].filter((name) => name.startsWith(prefix)).sort();
      for (const name of names) yield { name };
    },
  };
}
