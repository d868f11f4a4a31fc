import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { XMLParser } from 'fast-xml-parser';
import { SaxesParser } from 'saxes';
import { readSessionReport } from '../../shared/appliance/session-report.ts';
import { reportChunks } from './report-fixture.ts';

export const title = 'session report → readings (model, bytes as sent, hash)';

const MB = 1_000_000;
const BYTES = 20 * MB;
const ROUNDS = 10;

export async function run(): Promise<void> {
  await speed();
  await memory();
}

/**
 * The readers take turns, so that a busy moment of the machine meets them all; the best round of each counts. No forced
 * garbage collection between rounds: it makes the engine forget compiled code.
 */
async function speed(): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of reportChunks(BYTES)) chunks.push(Uint8Array.from(chunk));
  const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
  const best = { reader: 0, saxes: 0, fxp: 0 };
  let sessions = 0;
  const measure = async (name: keyof typeof best, work: () => unknown) => {
    const startedAt = performance.now();
    await work();
    best[name] = Math.max(best[name], bytes / MB / ((performance.now() - startedAt) / 1000));
  };
  for (let round = 0; round < ROUNDS; round++) {
    await measure('saxes', () => bareSaxes(chunks));
    await measure('reader', async () => {
      sessions = await readAll(chunks);
    });
    // A round takes seconds.
    if (round < 4) await measure('fxp', () => fastXmlParser(chunks));
  }
  const line = (name: string, speed: number, ratio: string) =>
    console.log(`${name.padEnd(34)}${speed.toFixed(1).padStart(7)} MB/s  ${ratio}`);
  console.log(
    `${(bytes / MB).toFixed(1)} MB, ${sessions} sessions, chunks of 64 KiB, best of ${ROUNDS} rounds`,
  );
  line('session reader', best.reader, '');
  line(
    'saxes alone, events counted',
    best.saxes,
    `reader / saxes = ${(best.reader / best.saxes).toFixed(2)}`,
  );
  line(
    'fast-xml-parser, whole document',
    best.fxp,
    `reader / fast-xml-parser = ${(best.reader / best.fxp).toFixed(1)}`,
  );
}

async function readAll(chunks: readonly Uint8Array[]): Promise<number> {
  let sessions = 0;
  for await (const { hash, session } of readSessionReport(from(chunks))) {
    if (hash.length === 64 && session.events.length > 0) sessions++;
  }
  return sessions;
}

async function* from(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

function bareSaxes(chunks: readonly Uint8Array[]): number {
  const parser = new SaxesParser();
  let events = 0;
  parser.on('opentag', () => {
    events++;
  });
  parser.on('text', () => {
    events++;
  });
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (const chunk of chunks) parser.write(decoder.decode(chunk, { stream: true }));
  parser.write(decoder.decode());
  parser.close();
  return events;
}

function fastXmlParser(chunks: readonly Uint8Array[]): unknown {
  const parser = new XMLParser({
    processEntities: true,
    htmlEntities: true,
    ignoreAttributes: false,
    parseTagValue: false,
  });
  return parser.parse(Buffer.concat(chunks).toString());
}

/** A process of its own for each size: peak memory is never given back. */
async function memory(): Promise<void> {
  const script = fileURLToPath(new URL('./reader-memory.ts', import.meta.url));
  const peak = async (megabytes: number) => {
    const { stdout } = await promisify(execFile)(process.execPath, [script, String(megabytes)]);
    return Number(stdout);
  };
  const small = await peak(5);
  const large = await peak(200);
  console.log(
    `peak memory: 5 MB report ${small.toFixed(0)} MB, 200 MB report ${large.toFixed(0)} MB, ` +
      `difference ${(large - small).toFixed(0)} MB`,
  );
}
