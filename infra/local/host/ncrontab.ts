import { Failure } from '../../../shared/errors.ts';

/**
 * NCRONTAB as Azure's timer trigger reads it: `{second} {minute} {hour} {day} {month} {day of week}`, the second
 * may be left out; lists, ranges, steps and English names; a day must satisfy both day fields. Always UTC here.
 * Written out because cron libraries accept more (L, W, #, ?, aliases) than Azure does and join the day fields
 * differently.
 */
export class NcrontabSchedule {
  readonly expression: string;
  readonly #seconds: readonly number[];
  readonly #minutes: readonly number[];
  readonly #hours: readonly number[];
  readonly #days: ReadonlySet<number>;
  readonly #months: ReadonlySet<number>;
  readonly #weekdays: ReadonlySet<number>;

  /** @throws Failure `bad-schedule` */
  constructor(expression: string) {
    this.expression = expression;
    const fields = expression.trim().split(/\s+/);
    if (fields.length === 5) fields.unshift('0');
    if (fields.length !== 6) throw bad(expression, 'it needs five or six fields');
    const read = (index: number) => {
      const field = fieldKinds[index];
      if (field === undefined) throw bad(expression, 'it has too many fields');
      return parseField(fields[index] ?? '', field, expression);
    };
    this.#seconds = read(0);
    this.#minutes = read(1);
    this.#hours = read(2);
    this.#days = new Set(read(3));
    this.#months = new Set(read(4));
    this.#weekdays = new Set(read(5));
    if (this.next(new Date()) === undefined) throw bad(expression, 'it never occurs');
  }

  /** The first occurrence after `after`, or undefined if there is none within eight years. */
  next(after: Date): Date | undefined {
    const start = new Date(Math.floor(after.getTime() / 1000) * 1000 + 1000);
    const day = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth(), start.getUTCDate()));
    for (let count = 0; count < 8 * 366; count++) {
      if (this.#isDay(day)) {
        const from = count === 0 ? start.getTime() - day.getTime() : 0;
        const offset = this.#timeOfDay(from);
        if (offset !== undefined) return new Date(day.getTime() + offset);
      }
      day.setUTCDate(day.getUTCDate() + 1);
    }
    return undefined;
  }

  #isDay(day: Date): boolean {
    return (
      this.#months.has(day.getUTCMonth() + 1) &&
      this.#days.has(day.getUTCDate()) &&
      this.#weekdays.has(day.getUTCDay())
    );
  }

  /** The first matching offset in a day, in milliseconds, at or after `from`. */
  #timeOfDay(from: number): number | undefined {
    for (const hour of this.#hours) {
      if ((hour + 1) * 3_600_000 <= from) continue;
      for (const minute of this.#minutes) {
        const start = hour * 3_600_000 + minute * 60_000;
        if (start + 60_000 <= from) continue;
        const second = this.#seconds.find((candidate) => start + candidate * 1000 >= from);
        if (second !== undefined) return start + second * 1000;
      }
    }
    return undefined;
  }
}

interface FieldKind {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const fieldKinds: readonly FieldKind[] = [
  { name: 'second', min: 0, max: 59, names: [] },
  { name: 'minute', min: 0, max: 59, names: [] },
  { name: 'hour', min: 0, max: 23, names: [] },
  { name: 'day', min: 1, max: 31, names: [] },
  { name: 'month', min: 1, max: 12, names: monthNames },
  { name: 'day of week', min: 0, max: 6, names: dayNames },
];

function parseField(text: string, kind: FieldKind, expression: string): number[] {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(\*|[A-Za-z]+|\d+)(?:-([A-Za-z]+|\d+))?(?:\/(\d+))?$/.exec(part);
    const [, first = '', last, step] = match ?? [];
    if (match === null || (first === '*' && last !== undefined)) {
      throw bad(expression, `"${part}" is not a ${kind.name}`);
    }
    const low = first === '*' ? kind.min : parseValue(first, kind, expression);
    const openEnd = first === '*' || step !== undefined;
    const high = last !== undefined ? parseValue(last, kind, expression) : openEnd ? kind.max : low;
    const every = step === undefined ? 1 : Number(step);
    if (every < 1 || high < low) throw bad(expression, `"${part}" is not a ${kind.name}`);
    for (let value = low; value <= high; value += every) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

function parseValue(text: string, kind: FieldKind, expression: string): number {
  const named = kind.names.findIndex((name) => text.length >= 3 && text.toLowerCase().startsWith(name));
  const value = /^\d+$/.test(text) ? Number(text) : named < 0 ? Number.NaN : named + kind.min;
  if (!(value >= kind.min && value <= kind.max)) throw bad(expression, `"${text}" is not a ${kind.name}`);
  return value;
}

function bad(expression: string, why: string): Failure {
  return new Failure('terminal', 'bad-schedule', `"${expression}" is not an NCRONTAB schedule: ${why}.`);
}
