import { z } from 'zod';
import type { Settings } from '../../shared/settings/settings.ts';
import type { ApiClient } from './api-client.ts';
import { ApiProblem } from './api-problem.ts';
import { CliError, type Terminal } from './command.ts';
import type { Questionnaire } from './questionnaire.ts';

/** What each part of the set-up works with. */
export interface SetupContext {
  readonly client: ApiClient;
  readonly questions: Questionnaire;
  readonly terminal: Terminal;
  /** As they were when it began. */
  readonly settings: Settings;
  /** States of secrets by their names. */
  readonly secrets: ReadonlyMap<string, string>;
}

const resultSchema = z.looseObject({
  ok: z.boolean(),
  product: z.string().optional(),
  missing: z.array(z.string()).optional(),
  dataTypes: z
    .array(
      z.looseObject({ id: z.string(), title: z.string(), state: z.string(), message: z.string().optional() }),
    )
    .optional(),
  failure: z.looseObject({ message: z.string() }).optional(),
});

export type TrialResult = z.output<typeof resultSchema>;

/** Nothing of it is kept. What the instance does not take at all is a test that failed, too. */
export async function trySetting(
  { client }: SetupContext,
  path: string,
  body: unknown,
): Promise<TrialResult> {
  try {
    return resultSchema.parse(await client.json('POST', path, { body }));
  } catch (error) {
    if (!(error instanceof ApiProblem && error.status === 400)) throw error;
    return { ok: false, failure: { message: error.message } };
  }
}

/** After a test that failed. Where nobody can be asked it is the end: nothing was saved. */
export async function decide(questions: Questionnaire, problem: string): Promise<'again' | 'keep'> {
  if (questions.isSilent) throw new CliError(1, `${problem} Nothing was saved.`);
  questions.forget(['after-failure']);
  const way = await questions.choose(
    'after-failure',
    `${problem}\nWhat now`,
    ['again', 'keep', 'stop'],
    'again',
  );
  if (way === 'stop') throw new CliError(1, 'Stopped; nothing was saved.');
  return way;
}
