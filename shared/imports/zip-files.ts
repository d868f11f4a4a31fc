import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl';
import { shownWords } from '../appliance/error-document.ts';
import { Failure } from '../errors.ts';
import type { StagedFile } from './staged-file.ts';

/** Session XML comes down to a tenth to a fortieth; a bomb to a thousandth. Small ones do no harm. */
const MOST_RATIO = 250;
const HARMLESS_BYTES = 64 * 1024 * 1024;
const MOST_BYTES = 256 * 1024 ** 3;
const MOST_ENTRIES = 300_000;
const nothing = Buffer.alloc(0);

/** One XML file of a ZIP. */
export interface ZippedFile {
  readonly entry: Entry;
  readonly name: string;
}

/** Reads ranges of a staged file for the package. */
class StagedReader extends RandomAccessReader {
  readonly #file: StagedFile;

  constructor(file: StagedFile) {
    super();
    this.#file = file;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#file.read(start, end), { objectMode: false });
  }

  /** Of the directory some bytes at a time: a stream for each would take longer than the reading. */
  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#copy(buffer, offset, length, position).then(() => callback(null), callback);
  }

  async #copy(buffer: Buffer, offset: number, length: number, position: number): Promise<void> {
    let at = offset;
    for await (const bytes of this.#file.read(position, position + length)) at += bytes.copy(buffer, at);
  }
}

/** A ZIP, ZIP64 too, whose XML files are read one after the other, each as a stream. */
export class ZipFiles {
  readonly #zip: ZipFile;
  readonly #size: number;
  /** Entries that are no XML files, and are passed over. */
  others = 0;

  private constructor(zip: ZipFile, size: number) {
    this.#zip = zip;
    this.#size = size;
  }

  /** Throws `Failure` `bad-zip`. */
  static async open(file: StagedFile): Promise<ZipFiles> {
    const zip = await reading(() =>
      fromRandomAccessReaderPromise(new StagedReader(file), file.size, { autoClose: false }),
    );
    return new ZipFiles(zip, file.size);
  }

  /**
   * The XML files in the order of the directory. Throws `Failure` `bad-zip`, and `zip-bomb` before anything is unpacked:
   * for what unpacks to far more than session data do, or says that the same bytes are several files.
   */
  async list(): Promise<readonly ZippedFile[]> {
    const files: ZippedFile[] = [];
    let packed = 0;
    let unpacked = 0;
    this.others = 0;
    await reading(async () => {
      for await (const entry of this.#zip.eachEntry()) {
        packed += entry.compressedSize;
        unpacked += entry.uncompressedSize;
        const tooMuch = unpacked > MOST_BYTES || files.length + this.others > MOST_ENTRIES;
        const tooDense = unpacked > HARMLESS_BYTES && unpacked > MOST_RATIO * Math.max(1, packed);
        if (tooMuch || tooDense || packed > this.#size) throw bomb();
        if (entry.fileName.endsWith('/')) continue;
        if (isXml(entry.fileName))
          files.push({ entry: slim(entry), name: shownWords(entry.fileName.slice(-200)) });
        else this.others++;
      }
    });
    return files;
  }

  /** The file's bytes from a place on. Throws `Failure` `bad-zip`: also when the checksum is another. */
  async *read({ entry, name }: ZippedFile, from = 0): AsyncGenerator<Buffer> {
    if (entry.isEncrypted()) throw badZip(`${name} is encrypted; pack it without a password`);
    if (!entry.canDecodeFileData())
      throw badZip(`${name} is packed in a way that is not known (method ${entry.compressionMethod})`);
    const stream = await reading(() => this.#zip.openReadStreamPromise(entry, {}));
    let at = 0;
    let sum = 0;
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        sum = crc32(chunk, sum);
        const begin = Math.max(0, from - at);
        at += chunk.length;
        if (begin < chunk.length) yield chunk.subarray(begin);
      }
    } catch (error) {
      throw asBadZip(error, name);
    } finally {
      stream.destroy();
    }
    if (sum !== entry.crc32) throw badZip(`${name} is damaged: its checksum is another`);
  }

  close(): void {
    this.#zip.close();
  }
}

/** Not what macOS puts beside files. */
function isXml(name: string): boolean {
  return /\.xml$/i.test(name) && !/(^|\/)(__MACOSX\/|\._)/.test(name);
}

/** Without what is not needed to unpack it: there may be many. */
function slim(entry: Entry): Entry {
  return Object.assign(entry, {
    fileNameRaw: nothing,
    extraFieldRaw: nothing,
    extraFields: [],
    fileComment: '',
    fileCommentRaw: nothing,
    comment: '',
  });
}

async function reading<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asBadZip(error);
  }
}

/** Failures of staging, and a cancel, go through as they are; all else is what the package says of the file. */
function asBadZip(error: unknown, name?: string): unknown {
  if (error instanceof Failure || !(error instanceof Error) || error.name === 'AbortError') return error;
  if (!('code' in error) && error.constructor !== Error) return error;
  return badZip(`${name === undefined ? '' : `${name}: `}${error.message.slice(0, 200)}`, error);
}

function badZip(why: string, cause?: unknown): Failure {
  return new Failure('terminal', 'bad-zip', `The ZIP file cannot be read: ${why}.`, { cause });
}

function bomb(): Failure {
  return new Failure(
    'terminal',
    'zip-bomb',
    `The ZIP file was refused: what is in it unpacks to far more than session data do (${MOST_RATIO} times at most), or its entries overlap.`,
  );
}
