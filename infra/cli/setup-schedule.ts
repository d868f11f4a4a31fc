import { pluginOf } from '../../shared/destinations/index.ts';
import type { DestinationSetting } from '../../shared/settings/destination.ts';
import { slug } from '../../shared/settings/names.ts';
import { type Schedule, scheduleSchema } from '../../shared/settings/schedule.ts';
import type { Site } from '../../shared/settings/site.ts';
import { takesStream } from '../../shared/settings/transfer-checks.ts';
import { streams } from '../../shared/streams/index.ts';
import type { StreamId } from '../../shared/streams/stream.ts';
import { UsageError } from './command.ts';
import { by } from './questionnaire.ts';
import { decide, type SetupContext, trySetting } from './setup-context.ts';
import type { SiteAnswers } from './setup-site.ts';

const usual: readonly StreamId[] = ['session-data', 'session-recording', 'backup'];

export const scheduleKeys = ['data-types', 'schedule-id', 'schedule-name', 'every', 'days-back'] as const;

/** Asks what is to be pulled and how often; what the account may not read is told before it is saved. */
export async function setUpSchedule(
  context: SetupContext,
  { site, secret }: SiteAnswers,
  destination: DestinationSetting,
): Promise<Schedule> {
  const { questions, settings, terminal } = context;
  const possible = possibleStreams(site, destination);
  for (;;) {
    terminal.say(`Data types that can go there: ${possible.join(', ')}.`);
    const dataTypes = await questions.ask({
      key: 'data-types',
      text: 'Data types, with commas between',
      fallback: possible.filter((id) => usual.includes(id)).join(),
      read: (answer) => readStreams(answer, possible),
    });
    const body = { site, dataTypes, ...(secret === undefined ? {} : { secret }) };
    const result = await trySetting(context, '/sites/test', body);
    const refused = (result.dataTypes ?? []).filter(({ state }) => !['available', 'unknown'].includes(state));
    if (refused.length > 0) {
      const missing = result.missing?.length ? ` Missing permissions: ${result.missing.join(', ')}.` : '';
      const titles = refused.map(({ title, message }) => message ?? `${title} cannot be read.`);
      if ((await decide(questions, `${titles.join(' ')}${missing}`)) === 'again') {
        questions.forget(['data-types']);
        continue;
      }
    }
    const id = await questions.ask({
      key: 'schedule-id',
      text: 'Short id of the schedule',
      fallback: site.id,
      read: by(slug),
    });
    const before = settings.schedules.find((schedule) => schedule.id === id);
    const name = await questions.ask({
      key: 'schedule-name',
      text: 'Schedule Name',
      fallback: before?.name ?? site.name,
      read: by(scheduleSchema.shape.name),
    });
    const minutes = await questions.ask({
      key: 'every',
      text: 'Run every so many minutes',
      fallback: '15',
      read: wholeFrom(1, 10_080),
    });
    const days = await questions.ask({
      key: 'days-back',
      text: 'Begin so many days back',
      fallback: '90',
      read: wholeFrom(1, 3650),
    });
    const transfer = {
      site: site.id,
      destination: destination.id,
      dataTypes,
      begin: { kind: 'days-back', days },
    };
    const others = (before?.transfers ?? []).filter(
      (one) => one.site !== site.id || one.destination !== destination.id,
    );
    return scheduleSchema.parse({
      ...before,
      id,
      name,
      every: { minutes },
      transfers: [...others, transfer],
    });
  }
}

function possibleStreams({ product }: Site, { plugin }: DestinationSetting): StreamId[] {
  const takes = pluginOf(plugin)?.takes;
  return streams
    .filter((stream) => takes === undefined || takesStream(takes, stream))
    .filter(({ products }) => product === undefined || products.includes(product))
    .map(({ id }) => id);
}

function readStreams(answer: string, possible: readonly StreamId[]): StreamId[] {
  const asked = answer
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  if (asked.length === 0) throw new UsageError('give at least one.');
  return [
    ...new Set(
      asked.map((word) => {
        const found = possible.find((id) => id === word);
        if (found === undefined) throw new UsageError(`"${word}" is none of ${possible.join(', ')}.`);
        return found;
      }),
    ),
  ];
}

function wholeFrom(least: number, most: number): (answer: string) => number {
  return (answer) => {
    const value = Number(answer);
    if (!Number.isInteger(value) || value < least || value > most)
      throw new UsageError(`give a whole number from ${least} to ${most}.`);
    return value;
  };
}
