import type { Context } from 'hono';
import type { z } from 'zod';
import { describeIssues } from '../settings/settings-store.ts';
import { badRequest } from './problem.ts';

export async function readJson(context: Context): Promise<unknown> {
  try {
    return JSON.parse(await context.req.text());
  } catch {
    throw badRequest('The body is not JSON.');
  }
}

export async function readBody<T extends z.ZodType>(context: Context, schema: T): Promise<z.output<T>> {
  const result = schema.safeParse(await readJson(context));
  if (result.success) return result.data;
  throw badRequest(`Body: ${describeIssues(result.error)}`);
}
