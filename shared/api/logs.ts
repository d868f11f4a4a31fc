import { z } from 'zod';
import { Failure } from '../errors.ts';
import { type LogPage, type LogQuery, levels } from '../log.ts';
import type { Services } from '../services.ts';
import { slug } from '../settings/names.ts';
import { type Operation, operation } from './operation.ts';
import { pageLimit } from './paging.ts';
import { badField } from './problem.ts';
import { instant } from './time-query.ts';

const PAGE = 200;

export const logQuerySchema = z.strictObject({
  level: z.enum(levels).optional().meta({ description: 'This one and above.' }),
  from: instant.optional().meta({ description: 'From this instant of our clock on.' }),
  to: instant.optional().meta({ description: 'Before this one.' }),
  text: z.string().max(200).optional().meta({ description: 'In the message or a field.' }),
  site: slug.optional().meta({ description: 'Id of a site.' }),
  run: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,100}$/)
    .optional()
    .meta({ description: 'Id of a run.' }),
  log: z
    .enum(['client', 'service'])
    .optional()
    .meta({ description: 'service: runs and ticks. client: what was asked for by the API.' }),
  next: z.string().max(300).optional(),
  limit: pageLimit(1000, PAGE),
});

/** A line has further fields by its message: `run`, `site`, `stream`, `item`, `destination`, `code` … */
export const logPageSchema = z.object({
  lines: z.array(z.looseObject({ time: z.iso.datetime(), level: z.enum(levels), message: z.string() })),
  next: z.string().optional(),
});

type Asked = { readonly [K in keyof LogQuery]?: LogQuery[K] | undefined } & { readonly limit: number };

/** The log of the service (runs, ticks) and of the clients (what was asked for here), newest first. */
export const logOperations: readonly Operation[] = [
  operation({
    id: 'getLog',
    method: 'get',
    path: '/log',
    summary: 'The log of the service and of what people asked for, newest first',
    tag: 'Log',
    role: 'Reader',
    query: logQuerySchema,
    answers: { 200: { description: 'A page of log lines', schema: logPageSchema } },
    handle: async ({ context, services, query }) => context.json(await answerLog(services, query)),
  }),
];

export async function answerLog({ logs }: Services, asked: Asked): Promise<LogPage> {
  if (!logs)
    throw new Failure('terminal', 'not-found', 'This installation keeps no log that could be shown here.');
  // Undefined ones are left out, so that what is asked for is what is there.
  const query = Object.fromEntries(
    Object.entries(asked).filter(([, value]) => value !== undefined),
  ) as unknown as LogQuery;
  await logs.flush();
  try {
    return await logs.read(query);
  } catch (error) {
    if (error instanceof RangeError && query.next !== undefined)
      throw badField('next', 'take it from `next`');
    throw error;
  }
}
