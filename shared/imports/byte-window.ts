const LEAST_ROOM = 256 * 1024;

/** The bytes of a file that are looked at: from some place on, as far as they have come. */
export class ByteWindow {
  /** What is there. Views of it stay as they are when more comes. */
  bytes: Buffer = Buffer.alloc(0);
  /** Of the first byte, from the file's start. */
  base: number;
  /** In `bytes`: what is before it has been read. */
  position = 0;
  #room: Buffer = Buffer.alloc(0);
  /** Of the last byte in the room, and one. */
  #used = 0;

  constructor(base: number) {
    this.base = base;
  }

  /** What has been read, from the file's start. */
  get at(): number {
    return this.base + this.position;
  }

  /** From the file's start. */
  get end(): number {
    return this.base + this.bytes.length;
  }

  /** @param keepFrom what is before is let go; from the file's start */
  push(chunk: Uint8Array, keepFrom: number): void {
    const drop = keepFrom - this.base;
    const kept = this.bytes.length - drop;
    const length = kept + chunk.length;
    if (this.#used + chunk.length > this.#room.length) {
      // Half as much again, so that what is long is not copied with each chunk.
      const room = Buffer.allocUnsafeSlow(Math.max(LEAST_ROOM, length + (length >> 1)));
      this.bytes.copy(room, 0, drop);
      this.#room = room;
      this.#used = kept;
    }
    this.#room.set(chunk, this.#used);
    this.#used += chunk.length;
    this.bytes = this.#room.subarray(this.#used - length, this.#used);
    this.base += drop;
    this.position -= drop;
  }

  /** @param from in `bytes`, as `to` */
  text(from: number, to: number): string {
    return this.bytes.toString('utf8', from, to);
  }
}
