import { z } from 'zod';
import type { Terminal } from './command.ts';
import { detailText } from './table.ts';

/** What a test of a site or a destination answers, as far as both have it. */
const trialSchema = z.looseObject({
  ok: z.boolean(),
  failure: z.looseObject({ message: z.string() }).optional(),
});

export function trialFailed(answer: unknown): boolean {
  return !trialSchema.parse(answer).ok;
}

/** Without the appliance's own names of permissions: `--json` has them. */
export function trialText(answer: unknown, { width }: Pick<Terminal, 'width'>): string {
  const { failure, held: _held, dataTypes, ...rest } = trialSchema.parse(answer);
  const types = Array.isArray(dataTypes)
    ? dataTypes.map(({ title, state, message }) => ({ dataType: title, state, message }))
    : undefined;
  return detailText({ ...rest, ...(failure ? { failure: failure.message } : {}), dataTypes: types }, width);
}
