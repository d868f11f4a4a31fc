import { z } from 'zod';
import type { ApiClient } from './api-client.ts';
import { CliError } from './command.ts';

export interface ListAsked {
  readonly client: ApiClient;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** The query's field that takes `next`. */
  readonly page: string;
  /** The answer's field that holds the list. */
  readonly field: string;
  /** Largest page; absent: its size is not to be chosen. */
  readonly most?: number | undefined;
}

export interface Page {
  readonly rows: readonly unknown[];
  /** There may be more. */
  readonly more: boolean;
}

/**
 * The pages of a list, one at a time; a page may be empty with others behind it.
 * @param want how many rows are still wanted when a page is asked for
 */
export async function* listPages(
  { client, path, query, page, field, most }: ListAsked,
  want: () => number = () => Number.POSITIVE_INFINITY,
): AsyncGenerator<Page> {
  const schema = z.looseObject({ [field]: z.array(z.unknown()), next: z.string().optional() });
  let next: string | undefined;
  do {
    const wanted = most === undefined ? undefined : Math.min(want(), most);
    const asked = {
      ...query,
      ...(wanted === undefined ? {} : { limit: wanted }),
      ...(next === undefined ? {} : { [page]: next }),
    };
    const answer = schema.safeParse(await client.json('GET', path, { query: asked }));
    if (!answer.success) throw new CliError(2, `${path} was answered with something that is no list.`);
    const before = next;
    next = answer.data.next as string | undefined;
    if (next !== undefined && next === before) throw new CliError(1, `${path} does not go on after a page.`);
    yield { rows: answer.data[field] as unknown[], more: next !== undefined };
  } while (next !== undefined);
}
