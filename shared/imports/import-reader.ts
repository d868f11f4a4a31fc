import { Failure } from '../errors.ts';
import type { Services } from '../services.ts';
import type { ImportKind, ImportRecord } from './import-record.ts';
import { SessionSplitter } from './session-splitter.ts';
import type { Fault, FoundSession, SplitPlace } from './split-items.ts';
import { StagedFile } from './staged-file.ts';
import { ZipFiles } from './zip-files.ts';

/** Where to go on in an import: behind an item of one of its files. */
export interface ImportPlace extends SplitPlace {
  /** Index of the file. */
  readonly file: number;
}

export interface ImportItem {
  /** Name of the XML file. */
  readonly name: string;
  readonly item: FoundSession | Fault;
  /** Behind it. */
  readonly place: ImportPlace;
}

interface XmlFile {
  readonly name: string;
  read(from: number): AsyncIterable<Uint8Array>;
}

/** What a file has too much of to be what it is said to be. */
const MOST_FAULTS_A_FILE = 10_000;
const ZIP_STARTS = [0x04034b50, 0x06054b50];

/** The sessions of an import, in the order of its files, from any place on. Memory is that of one session. */
export class ImportReader {
  readonly files: readonly XmlFile[];
  /** Of a ZIP: files in it that are no XML. */
  readonly others: number;
  readonly #zip: ZipFiles | undefined;

  private constructor(files: readonly XmlFile[], zip?: ZipFiles) {
    this.files = files;
    this.others = zip?.others ?? 0;
    this.#zip = zip;
  }

  /** Throws `Failure`: `bad-zip`, `zip-bomb`, `not-a-zip`, and those of staging. */
  static async open(
    { staging }: Pick<Services, 'staging'>,
    record: ImportRecord,
    signal?: AbortSignal,
  ): Promise<ImportReader> {
    const file = new StagedFile(staging, record, signal);
    if ((await kindOf(file, record)) === 'xml')
      return new ImportReader([{ name: record.name, read: (from) => file.read(from) }]);
    const zip = await ZipFiles.open(file);
    const files = await zip.list();
    return new ImportReader(
      files.map((one) => ({ name: one.name, read: (from: number) => zip.read(one, from) })),
      zip,
    );
  }

  async *items(start: ImportPlace = { file: 0, at: 0 }): AsyncGenerator<ImportItem> {
    for (const [index, file] of this.files.entries()) {
      if (index < start.file) continue;
      yield* readFile(file, index, index === start.file ? start : { at: 0 });
    }
  }

  close(): void {
    this.#zip?.close();
  }
}

async function* readFile(file: XmlFile, index: number, start: SplitPlace): AsyncGenerator<ImportItem> {
  const { name } = file;
  const splitter = new SessionSplitter(start);
  const here = (item: FoundSession | Fault): ImportItem => {
    const { at, ...rest } = splitter.place;
    // A fatal one is the file's last.
    const place =
      item.kind === 'fault' && item.fatal ? { file: index + 1, at: 0 } : { file: index, at, ...rest };
    return { name, item, place };
  };
  let faults = 0;
  const tooMany = (at: number): ImportItem => {
    const reason = `more than ${MOST_FAULTS_A_FILE} of its sessions cannot be read; the rest of it was not looked at`;
    return here({ kind: 'fault', at, to: at, reason, fatal: true });
  };
  let at = start.at;
  try {
    for await (const chunk of file.read(start.at)) {
      splitter.push(chunk);
      at += chunk.length;
      for (let item = splitter.next(false); item !== undefined; item = splitter.next(false)) {
        yield here(item);
        if (item.kind !== 'fault') continue;
        if (item.fatal) return;
        if (++faults > MOST_FAULTS_A_FILE) {
          yield tooMany(item.at);
          return;
        }
      }
    }
  } catch (error) {
    // One file of a ZIP that is damaged costs itself; the others are read.
    if (!(error instanceof Failure) || error.code !== 'bad-zip') throw error;
    yield here({ kind: 'fault', at, to: at, reason: error.message, fatal: true });
    return;
  }
  for (let item = splitter.next(true); item !== undefined; item = splitter.next(true)) yield here(item);
}

/** What the first bytes say; another than was said is refused. */
export async function kindOf(
  file: StagedFile,
  { kind, name }: Pick<ImportRecord, 'kind' | 'name'>,
): Promise<ImportKind> {
  const head = await file.head(4);
  const found = head.length === 4 && ZIP_STARTS.includes(head.readUInt32LE()) ? 'zip' : 'xml';
  if (kind === 'zip' && found === 'xml')
    throw new Failure('terminal', 'not-a-zip', `"${name}" was said to be a ZIP file, and is none.`);
  if (kind === 'xml' && found === 'zip')
    throw new Failure('terminal', 'not-a-zip', `"${name}" was said to be XML, and is a ZIP file.`);
  return found;
}
