/** The end record and the longest comment after it. */
const LONGEST_END = 22 + 65_535;
const END_RECORD = 0x06054b50;
/** Stands in place of a number that is in the ZIP64 records instead. */
const ELSEWHERE = 0xffffffff;

/**
 * Keeps the end of a ZIP as it goes by. Its directory stands at the end and says where it begins and how long it is
 * (APPNOTE 4.3.16): a ZIP that was cut off has none.
 */
export class ZipEnd {
  readonly #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #size = 0;

  take(chunk: Uint8Array): void {
    this.#size += chunk.length;
    this.#kept.push(chunk);
    this.#keptBytes += chunk.length;
    for (;;) {
      const first = this.#kept[0]?.length ?? 0;
      if (this.#keptBytes - first < LONGEST_END) return;
      this.#kept.shift();
      this.#keptBytes -= first;
    }
  }

  /** All that was taken is one whole ZIP. */
  get isWhole(): boolean {
    const tail = Buffer.concat(this.#kept);
    for (let at = tail.length - 22; at >= 0; at--) {
      if (tail.readUInt32LE(at) !== END_RECORD) continue;
      if (at + 22 + tail.readUInt16LE(at + 20) !== tail.length) continue;
      const length = tail.readUInt32LE(at + 12);
      const begins = tail.readUInt32LE(at + 16);
      if (length === ELSEWHERE || begins === ELSEWHERE) return true;
      if (begins + length === this.#size - tail.length + at) return true;
    }
    return false;
  }
}
