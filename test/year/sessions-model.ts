import type { Random } from '../appliance/random.ts';
import { lsidOf } from '../support/workbench.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** True time, milliseconds. From then on the appliance's clock is `by` milliseconds further from the truth. */
export interface ClockJump {
  readonly at: number;
  readonly by: number;
}

/** A session as it really was: instants are true time, milliseconds; stamps are what the appliance's clock said, seconds. */
export interface ModelSession {
  readonly lsid: string;
  readonly began: number;
  readonly startStamp: number;
  /** Absent: it never closes. */
  readonly ended?: number;
  readonly endStamp?: number;
  /** Since when its end can be read; a little after it ended. */
  readonly shown?: number;
  /** After its end its content changes once more. */
  readonly changed?: number;
  readonly recording?: ModelRecording;
}

export interface ModelRecording {
  readonly content: Buffer;
  /** What tells that a body is whole. */
  readonly evidence: 'length' | 'chunked' | 'none';
  /** Refused before. True time. */
  readonly readyAt: number;
  /** It can never be had. */
  readonly expired: boolean;
  /** Announced only by the changed content of the session. */
  readonly announcedLate: boolean;
}

export interface Population {
  readonly from: number;
  readonly to: number;
  readonly sessions: number;
  /** Milliseconds; few last nearly as long. */
  readonly longest: number;
  readonly jumps: readonly ClockJump[];
  /** Sessions without an end begin before this, so that they can be declared abnormal in time. */
  readonly lastNeverClosing: number;
}

/** The appliance's clock, milliseconds. */
export function applianceClock(jumps: readonly ClockJump[], at: number): number {
  let clock = at;
  for (const jump of jumps) if (jump.at <= at) clock += jump.by;
  return clock;
}

/** In order of their beginning. */
export function populate(random: Random, population: Population): ModelSession[] {
  const { from, to, sessions } = population;
  const begins = Array.from({ length: sessions }, () => Math.floor(from + random.unit() * (to - from))).sort(
    (a, b) => a - b,
  );
  return begins.map((began, index) => makeSession(random, population, lsidOf(index + 1), began));
}

function makeSession(
  random: Random,
  { jumps, lastNeverClosing, longest }: Population,
  lsid: string,
  began: number,
): ModelSession {
  const stamp = (at: number) => Math.floor(applianceClock(jumps, at) / SECOND);
  const start = { lsid, began, startStamp: stamp(began) };
  if (random.chance(0.01) && began < lastNeverClosing) return start;
  const ended = began + duration(random, longest);
  // What comes late and a jump of the clock in between are, together, beyond what windows can cover.
  const still = !jumps.some(({ at }) => at > ended - HOUR && at < ended + HOUR);
  const shown = ended + (still ? random.int(4 * MINUTE) : 0);
  const changed = still && random.chance(0.15) ? shown + random.int(6 * MINUTE) : undefined;
  const recording = random.chance(0.4) ? makeRecording(random, ended, changed !== undefined) : undefined;
  return {
    ...start,
    ended,
    endStamp: stamp(ended),
    shown,
    ...(changed === undefined ? {} : { changed }),
    ...(recording === undefined ? {} : { recording }),
  };
}

function duration(random: Random, longest: number): number {
  if (random.chance(0.02)) return random.int(longest);
  return random.chance(0.1) ? random.int(8 * HOUR) : 5 * SECOND + random.int(40 * MINUTE);
}

function makeRecording(random: Random, ended: number, changes: boolean): ModelRecording {
  const content = Buffer.from(random.hex(200 + random.int(2000)));
  const wait = random.chance(0.05) ? random.int(36 * HOUR) : random.chance(0.3) ? random.int(10 * MINUTE) : 0;
  return {
    content,
    evidence: random.pick(['length', 'chunked', 'none']),
    readyAt: ended + wait,
    expired: random.chance(0.06),
    announcedLate: changes && random.chance(0.3),
  };
}

/** The session as a report has it at an instant of true time; undefined before it began. */
export function sessionText(session: ModelSession, at: number): string | undefined {
  const { lsid, began, startStamp, endStamp, recording } = session;
  if (began > at) return undefined;
  const closed = isClosed(session, at);
  const changed = session.changed !== undefined && session.changed <= at;
  const announced = closed && recording && (!recording.announcedLate || changed);
  return [
    `<session lsid="${lsid}"><session_type>support</session_type><lseq>${startStamp}</lseq>`,
    `<start_time timestamp="${startStamp}">then</start_time>`,
    closed ? `<end_time timestamp="${endStamp}">then</end_time>` : '<end_time/>',
    `<external_key>${changed ? 'changed' : 'first'}</external_key>`,
    announced ? '<session_recording_download_url>https://x/y</session_recording_download_url>' : '',
    '</session>',
  ].join('');
}

export function isClosed({ shown }: ModelSession, at: number): boolean {
  return shown !== undefined && shown <= at;
}

/** Since when everything about it can be read as it will be for ever. Undefined: it never closes. */
export function finalSince({ shown, changed }: ModelSession): number | undefined {
  return changed ?? shown;
}
