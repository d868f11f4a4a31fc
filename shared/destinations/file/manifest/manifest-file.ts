import { Failure } from '../../../errors.ts';
import type { FileEvent } from '../journal.ts';
import { manifestFolder } from '../store-name.ts';

/**
 * A manifest is a text file of JSON lines: a head, one line for each event, and an end that says how many there were.
 * It lies in the destination itself and names the manifest before it with its SHA-256, so that none can be changed,
 * left out or put in without the ones after it telling.
 */
export interface ManifestHead {
  readonly manifest: 1;
  /** Id of the destination in the settings. */
  readonly destination: string;
  /** From 1; each manifest of a destination has the next number. */
  readonly sequence: number;
  readonly previous: ManifestLink | null;
  /** Id of the run that wrote it; a line says which run its own file is from. */
  readonly run: string;
  /** ISO 8601, our clock. */
  readonly createdAt: string;
}

export interface ManifestLink {
  /** `.manifests/DESTINATION/NUMBER.ndjson` */
  readonly name: string;
  /** Hex, of the whole file. */
  readonly sha256: string;
}

/** A folder for each destination: two of them may lie in one place. */
export function manifestName(destinationId: string, sequence: number, again = 0): string {
  const number = String(sequence).padStart(10, '0');
  return `${manifestPlace(destinationId)}/${number}${again === 0 ? '' : `-${again}`}.ndjson`;
}

export function manifestPlace(destinationId: string): string {
  return `${manifestFolder}/${destinationId.toLowerCase().replace(/[^a-z0-9-]/g, '-')}`;
}

export function renderManifest(head: ManifestHead, events: readonly FileEvent[]): Buffer {
  const lines: unknown[] = [head, ...events, { end: events.length }];
  return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''), 'utf8');
}

/** The head, then the events. Throws `Failure` `bad-manifest` where the text is none, or is cut off. */
export async function* readManifest(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<ManifestHead | FileEvent> {
  const bad = (why: string) =>
    new Failure('item', 'bad-manifest', `${name} is not a whole manifest: ${why}.`);
  let number = 0;
  let ended = false;
  for await (const line of linesOf(chunks)) {
    number++;
    if (ended) throw bad(`something follows its end in line ${number}`);
    let value: Record<string, unknown>;
    try {
      value = JSON.parse(line) as Record<string, unknown>;
    } catch (error) {
      throw new Failure('item', 'bad-manifest', `${name}, line ${number}: not JSON.`, { cause: error });
    }
    if (typeof value !== 'object' || value === null) throw bad(`line ${number} is no object`);
    if (number === 1) {
      if (!isHead(value)) throw bad('its first line is no head');
      yield value;
    } else if (typeof value.end === 'number') {
      if (value.end !== number - 2) throw bad(`it has ${number - 2} lines and says ${value.end}`);
      ended = true;
    } else {
      if (!isEvent(value)) throw bad(`line ${number} is no event`);
      yield value;
    }
  }
  if (!ended) throw bad('its end is missing');
}

export function isManifestHead(line: ManifestHead | FileEvent): line is ManifestHead {
  return 'manifest' in line;
}

function isHead(value: object): value is ManifestHead {
  const { manifest, sequence, previous, destination } = value as Record<string, unknown>;
  const linked = previous as { name?: unknown; sha256?: unknown } | null;
  return (
    manifest === 1 &&
    Number.isInteger(sequence) &&
    typeof destination === 'string' &&
    (previous === null || (typeof linked?.name === 'string' && typeof linked.sha256 === 'string'))
  );
}

function isEvent(value: object): value is FileEvent {
  const { id, event, at, name, size, sha256, item } = value as Record<string, unknown>;
  return (
    ['stored', 'replaced', 'pruned'].includes(String(event)) &&
    typeof size === 'number' &&
    [id, at, name, sha256, item].every((text) => typeof text === 'string')
  );
}

/** Longer than any line of ours: a file of something else must not fill the memory. */
const maxLine = 1_000_000;

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder('utf-8', { fatal: false });
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > maxLine) throw new Failure('item', 'bad-manifest', 'A line of a manifest is too long.');
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
