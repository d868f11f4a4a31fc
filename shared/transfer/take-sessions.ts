import { createHash } from 'node:crypto';
import { renderSessionDocument } from '../appliance/session-report.ts';
import type { Destination, FileSink, Origin, SessionSink } from '../destinations/destination.ts';
import { Failure, type FailureReport, reportFailure } from '../errors.ts';
import type { Counts } from '../runs/run.ts';
import type { Session } from '../sessions/session.ts';
import type { EntryStream } from '../streams/stream.ts';
import { fileKey } from './fetch-file.ts';
import { ledgerKey, ledgerPartition, rowsOf, setAside } from './ledger.ts';
import { pool } from './pool.ts';
import type { TakenSession, Taker } from './taker.ts';
import type { Work } from './work.ts';

const FILES_AT_ONCE = 8;

/** Session data: records where the destination takes records, else one XML file a session. Presentations: files. */
export function sessionTaker(at: Work, origin: Origin, stream: EntryStream, destination: Destination): Taker {
  if (destination.sessions && stream.content === 'session')
    return recordTaker(at, origin, stream, destination.id, destination.sessions);
  if (destination.files) return fileTaker(at, origin, stream, destination.id, destination.files);
  throw new Failure(
    'terminal',
    'no-sessions',
    `"${destination.name}" cannot take ${stream.title.toLowerCase()}.`,
  );
}

function recordTaker(
  at: Work,
  origin: Origin,
  stream: EntryStream,
  destinationId: string,
  sink: SessionSink,
): Taker {
  const ledger = new SetAsideSessions(at, stream, destinationId);
  return {
    async take(batch) {
      const versions = batch.map(({ reading, readAt }) => ({
        session: reading.session,
        hash: reading.hash,
        closed: reading.session.endTime !== null,
        readAt,
      }));
      const outcomes = await sink.store(origin, versions);
      const counts = { found: batch.length, stored: 0, repeated: 0, setAside: 0 };
      for (const [index, { status, reason }] of outcomes.entries()) {
        const session = batch[index]?.reading.session;
        if (status === 'rejected' && session) {
          counts.setAside++;
          const message = `The session cannot be stored: ${reason ?? 'no reason given'}`;
          await ledger.setAside(session, { kind: 'item', code: 'rejected', message });
        } else if (session) {
          await ledger.stored(session);
          counts[status === 'stored' || status === 'replaced' ? 'stored' : 'repeated']++;
        }
      }
      return counts;
    },
  };
}

function fileTaker(
  at: Work,
  origin: Origin,
  stream: EntryStream,
  destinationId: string,
  sink: FileSink,
): Taker {
  const ledger = new SetAsideSessions(at, stream, destinationId);
  return {
    async take(batch) {
      const counts = { found: batch.length, stored: 0, repeated: 0, skipped: 0, setAside: 0, bytes: 0 };
      const final = batch.filter((taken) => taken.final);
      await pool(final, FILES_AT_ONCE, async (taken) => {
        try {
          const done = await storeDocument(origin, stream, sink, taken, at.run.id);
          counts[done.status]++;
          counts.bytes += done.bytes;
          await ledger.stored(taken.reading.session);
        } catch (error) {
          // About this one session only: it must not hold back the others.
          if (!(error instanceof Failure) || error.kind !== 'item') throw error;
          await ledger.setAside(taken.reading.session, reportFailure(error));
          counts.setAside++;
        }
      });
      return counts;
    },
  };
}

/** Sessions that a destination would not take stand in the ledger, until it has taken a reading of them after all. */
class SetAsideSessions {
  readonly #at: Work;
  readonly #stream: EntryStream;
  readonly #destinationId: string;
  #rows: Promise<Set<string>> | undefined;

  constructor(at: Work, stream: EntryStream, destinationId: string) {
    this.#at = at;
    this.#stream = stream;
    this.#destinationId = destinationId;
  }

  async setAside(session: Session, failure: FailureReport): Promise<void> {
    const { services, site } = this.#at;
    const item = {
      key: session.lsid,
      lsid: session.lsid,
      values: this.#stream.valuesOf(session),
      extension: 'xml',
    };
    const { state, now } = services;
    await setAside(state, site.id, this.#stream.id, item, this.#destinationId, failure, now());
    (await this.#known()).add(this.#keyOf(session));
  }

  async stored(session: Session): Promise<void> {
    const { services, site } = this.#at;
    const key = this.#keyOf(session);
    const rows = await this.#known();
    if (!rows.delete(key)) return;
    await services.state.remove('ledger', ledgerPartition(site.id, this.#stream.id), key);
  }

  #keyOf({ lsid }: Session): string {
    return ledgerKey({ key: lsid }, this.#destinationId);
  }

  /** One look for all sessions of a slice: asking for each by itself would double the work on each. */
  #known(): Promise<Set<string>> {
    const { services, site } = this.#at;
    this.#rows ??= rowsOf(services.state, site.id, this.#stream.id, this.#destinationId);
    return this.#rows;
  }
}

async function storeDocument(
  origin: Origin,
  { id, defaultFormat, valuesOf }: EntryStream,
  sink: FileSink,
  { reading, readAt, root }: TakenSession,
  run: string,
): Promise<{ status: keyof Pick<Counts, 'stored' | 'repeated' | 'skipped'>; bytes: number }> {
  const { session, hash, xml } = reading;
  const begun = await sink.begin({
    origin,
    run,
    stream: id,
    key: fileKey(origin, id, session.lsid),
    values: { ...valuesOf(session), SUPPORT_SITE_HOST: origin.host, EXTENSION: 'xml' },
    version: { hash, closed: session.endTime !== null, readAt },
    contentType: 'application/xml',
    ...(defaultFormat === undefined ? {} : { defaultFormat }),
  });
  if (begun.status === 'skipped') return { status: 'skipped', bytes: 0 };
  if (begun.status !== 'write') return { status: 'repeated', bytes: 0 };
  const bytes = Buffer.from(renderSessionDocument(root, xml), 'utf8');
  try {
    await begun.write.write(bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await begun.write.commit({ size: bytes.length, sha256, verified: 'end-tag' });
    return { status: 'stored', bytes: bytes.length };
  } catch (error) {
    await begun.write.abort();
    throw error;
  }
}
