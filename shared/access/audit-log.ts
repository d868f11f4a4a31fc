import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Failure, reportFailure } from '../errors.ts';
import type { Log } from '../log.ts';
import { StateConflict, type StateStore } from '../state/state-store.ts';
import {
  AUDIT,
  type AuditEntry,
  type AuditHead,
  type AuditOutcome,
  entryKey,
  GENESIS,
  HEAD,
  hashEntry,
} from './audit-entry.ts';

/** What is entered; number, chain, id and time are added. */
export type AuditLine = Omit<AuditEntry, 'number' | 'previous' | 'id' | 'time'>;

export interface AuditPorts {
  readonly state: StateStore;
  readonly log: Log;
  /** Milliseconds since 1970. */
  now(): number;
}

const ATTEMPTS = 40;
const MOST_PAUSE = 250;
const MOST_TEXT = 200;
/** Ids of files are long. */
const MOST_VALUE = 1000;
const MOST_FILE = 1500;
const MOST_NAMES = 20;
const MOST_CHANGES = 100;

/** Within a process one after the other; between processes the head's ETag decides, and who comes second tries again. */
const queues = new WeakMap<StateStore, Promise<unknown>>();

/**
 * Adds an entry to the chain; it is durable when this resolves. Throws `Failure` `audit-unavailable`: then what was to
 * be done must not be done.
 */
export async function appendAudit(
  { state, now }: Omit<AuditPorts, 'log'>,
  line: AuditLine,
): Promise<AuditEntry> {
  const id = randomUUID();
  const append = async () => {
    try {
      return await chain(state, { ...bounded(line), id, time: new Date(now()).toISOString() });
    } catch (error) {
      const why = error instanceof Failure ? error.message : 'The log of the service says more.';
      throw new Failure(
        'transient',
        'audit-unavailable',
        `The audit log could not be written, so nothing was done; try again. ${why}`,
        { cause: error },
      );
    }
  };
  const appended = (queues.get(state) ?? Promise.resolve()).then(append, append);
  queues.set(state, appended);
  return appended;
}

async function chain(state: StateStore, line: Omit<AuditEntry, 'number' | 'previous'>): Promise<AuditEntry> {
  for (let attempt = 1; ; attempt++) {
    const head = await state.get<AuditHead>(...AUDIT, HEAD);
    const { number, hash } = head?.value ?? { number: 0, hash: GENESIS };
    const entry: AuditEntry = { ...line, number: number + 1, previous: hash };
    const next: AuditHead = { number: entry.number, hash: hashEntry(entry) };
    try {
      await state.batch(...AUDIT, [
        { op: 'insert', key: entryKey(entry.number), value: entry },
        head
          ? { op: 'update', key: HEAD, value: next, etag: head.etag }
          : { op: 'insert', key: HEAD, value: next },
      ]);
      return entry;
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
      // A write whose answer was lost was sent again and met itself.
      const there = await state.get<AuditEntry>(...AUDIT, entryKey(entry.number));
      if (there?.value.id === entry.id) return entry;
      if (attempt === ATTEMPTS) throw error;
      await pause(Math.random() * Math.min(MOST_PAUSE, 2 ** attempt));
    }
  }
}

/** Nothing that somebody sends makes an entry larger than a row may be. */
function bounded({ target, changes, file, ...line }: AuditLine): AuditLine {
  const short = (text: string) => text.slice(0, MOST_TEXT);
  const more = (changes?.length ?? 0) - MOST_CHANGES;
  return {
    ...line,
    ...(target && Object.keys(target).length > 0
      ? {
          target: Object.fromEntries(
            Object.entries(target)
              .slice(0, MOST_NAMES)
              .map(([name, value]) => [short(name), value.slice(0, MOST_VALUE)]),
          ),
        }
      : {}),
    ...(file === undefined ? {} : { file: file.slice(0, MOST_FILE) }),
    ...(changes ? { changes: changes.slice(0, MOST_CHANGES).map(short) } : {}),
    ...(more > 0 ? { more } : {}),
  };
}

/** What is known of the outcome. Default: `done`, or `failed` with the code of what was thrown. */
export interface AuditNote extends Pick<AuditLine, 'status' | 'code' | 'made' | 'file' | 'changes'> {
  readonly outcome?: Exclude<AuditOutcome, 'asked'>;
}

/**
 * Does what a person asked for, with an entry before it and one of its outcome. Where the first cannot be written
 * nothing is done; where the second cannot, the work is done, the first stands without an outcome, and the log says so.
 * @param work is given a function that adds to what the outcome's entry says
 */
export async function audited<T>(
  ports: AuditPorts,
  asked: Pick<AuditLine, 'principal' | 'operation' | 'kind' | 'target'>,
  work: (note: (more: AuditNote) => void) => Promise<T>,
): Promise<T> {
  const { number } = await appendAudit(ports, { ...asked, outcome: 'asked' });
  let noted: AuditNote = {};
  const enter = async (outcome: AuditNote) => {
    const { principal, operation, kind } = asked;
    const line = { principal, operation, kind, of: number, outcome: 'done', ...outcome, ...noted } as const;
    try {
      await appendAudit(ports, line);
    } catch (error) {
      const { code } = reportFailure(error);
      ports.log.error('An outcome is missing in the audit log', { operation, entry: number, code });
    }
  };
  let result: T;
  try {
    result = await work((more) => {
      noted = { ...noted, ...more };
    });
  } catch (error) {
    await enter({ outcome: 'failed', code: reportFailure(error).code });
    throw error;
  }
  await enter({});
  return result;
}
