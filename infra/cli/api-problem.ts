import { z } from 'zod';
import { CliError } from './command.ts';
import type { Instance } from './instance.ts';
import { printable } from './table.ts';

/** What the API answered where it was not asked rightly or could not do it; `message` is one line. */
export class ApiProblem extends CliError {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    // Whoever asked can put right what is bad input; the rest was refused or failed.
    super([400, 401, 403, 404, 413, 415].includes(status) ? 2 : 1, message);
    this.status = status;
    this.code = code;
  }
}

const problemSchema = z.object({
  title: z.string(),
  code: z.string().optional(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});

/** The line for people of an answer that is not 2xx. */
export async function problemIn(response: Response, { address, local }: Instance): Promise<ApiProblem> {
  const { status } = response;
  const text = await response.text();
  const problem = problemSchema.safeParse(jsonOrNothing(text));
  if (!problem.success) {
    if (status >= 300 && status < 400)
      return new ApiProblem(
        status,
        'redirected',
        `${address} answered with a redirect: is it the address of an instance?`,
      );
    const what = response.statusText || 'an answer without words';
    return new ApiProblem(status, 'no-problem', `${address} answered ${status}: ${what}.`);
  }
  const { title, code = 'unknown', errors = [] } = problem.data;
  const fields = errors
    .filter(({ field, message }) => !(title.includes(field) && title.includes(message)))
    .map(({ field, message }) => `${field}: ${message}`);
  const hint = status === 401 && !local ? ' Give a token that was issued for this instance.' : '';
  const line = [`${title}${hint}`, ...fields].join('; ').replaceAll(/\s*\n\s*/g, ' ');
  return new ApiProblem(status, code, printable(line));
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
