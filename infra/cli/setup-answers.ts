import { z } from 'zod';
import { type Terminal, UsageError } from './command.ts';
import { jsonInput } from './operation-body.ts';
import { textFile } from './option-values.ts';
import { destinationKeys } from './setup-destination.ts';
import { scheduleKeys } from './setup-schedule.ts';
import { siteKeys } from './setup-site.ts';

/** Options of `setup` that answer a question. */
export const answerKeys = [...siteKeys, ...destinationKeys, ...scheduleKeys].filter(
  (key) => key !== 'secret' && key !== 'connection-string',
);

/** Never an argument, which others can read: a file or the environment. */
const hidden = [
  ['secret', 'secret-file', 'INTEGRATION_CLIENT_SITE_SECRET'],
  ['connection-string', 'connection-string-file', 'INTEGRATION_CLIENT_CONNECTION_STRING'],
] as const;

/** `--answers FILE`, the options over it, and what is secret. */
export async function givenAnswers(values: Readonly<Record<string, unknown>>, terminal: Terminal) {
  const given = new Map<string, string>();
  if (typeof values.answers === 'string') {
    const file = await jsonInput('--answers', values.answers, terminal);
    const answers = z
      .record(z.string(), z.union([z.string(), z.number(), z.array(z.string())]))
      .safeParse(file);
    if (!answers.success)
      throw new UsageError(
        `--answers ${values.answers}: give an object of texts, like {"host": "support.example.com"}.`,
      );
    for (const [key, value] of Object.entries(answers.data)) {
      if (!answerKeys.some((known) => known === key))
        throw new UsageError(`--answers ${values.answers}: "${key}" is none of ${answerKeys.join(', ')}.`);
      given.set(key, String(value));
    }
  }
  for (const key of answerKeys) {
    const value = values[key];
    if (typeof value === 'string') given.set(key, value);
  }
  for (const [key, option, variable] of hidden) {
    const path = values[option];
    const value =
      typeof path === 'string' ? textFile(`--${option}`, path).trimEnd() : terminal.environment?.[variable];
    if (value) given.set(key, value);
  }
  return given;
}
