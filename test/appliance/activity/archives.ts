import { gzipSync } from 'node:zlib';
import type { ArchiveEntry } from '../../../shared/appliance/reports/index.ts';
import { mix } from '../random.ts';
import type { World } from '../world.ts';
import { element, wrap } from '../xml-element.ts';
import { isoTime } from '../xml-text.ts';

const daySeconds = 86_400;
const keptDays = 7;
const stateSeconds = 30 * 60;
const eventSeconds = 10 * 60;

/** The archives of a day: states every half hour, events of ten minutes each, as far as they have passed. */
export function archivesOf(world: World, date: string, now: number): ArchiveEntry[] {
  const day = Date.parse(`${date}T00:00:00Z`) / 1000;
  const { from, to } = world.settings;
  if (Number.isNaN(day) || day < now - keptDays * daySeconds || day + daySeconds <= from || day >= to)
    return [];
  const until = Math.min(day + daySeconds, now);
  const entries: ArchiveEntry[] = [];
  for (let time = day; time + eventSeconds <= until; time += eventSeconds) {
    const index = String((time - day) / eventSeconds);
    entries.push({ type: 'event', index, time, endTime: time + eventSeconds });
  }
  for (let time = day; time <= until && time < day + daySeconds; time += stateSeconds) {
    entries.push({ type: 'state', index: String((time - day) / stateSeconds), time, endTime: null });
  }
  return entries;
}

/** The archive as gzip; `undefined`: there is none. */
export function archiveOf(
  world: World,
  date: string,
  type: string,
  index: string,
  now: number,
): Buffer | undefined {
  const entry = archivesOf(world, date, now).find((each) => each.type === type && each.index === index);
  if (!entry) return undefined;
  const object = (place: number) => ({
    time: entry.time,
    table: 'support_session',
    id: mix(world.settings.seed, entry.time ?? 0, 80 + place),
    representative_support_session: null,
  });
  const lines = type === 'state' ? [object(0)] : [object(1), object(2), object(3)];
  return gzipSync(`${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
}

export function archiveXml({ type, index, time, endTime }: ArchiveEntry): string {
  const moment = (name: string, seconds: number | null) =>
    seconds === null ? '' : element(2, name, isoTime(seconds), 'entities', { timestamp: String(seconds) });
  const times =
    type === 'state' ? moment('time', time) : moment('start_time', time) + moment('end_time', endTime);
  return wrap(1, `${type}_archive`, element(2, 'index', index) + times);
}
