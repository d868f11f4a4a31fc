import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import { z } from 'zod';
import { slug } from '../settings/names.ts';
import type { Settings } from '../settings/settings.ts';
import { describeIssues, loadSettings } from '../settings/settings-store.ts';
import { streamOf } from '../streams/index.ts';
import { type StreamId, streamIds } from '../streams/stream.ts';
import { type LedgerPart, type LedgerPlace, type LedgerRow, walkLedger } from '../transfer/ledger-walk.ts';
import { retryItems } from '../transfer/retry-items.ts';
import { readBody } from './body.ts';
import type { ApiEnvironment } from './environment.ts';
import { badRequest } from './problem.ts';
import { startPull } from './pulls.ts';

const PAGE = 50;
const RETRY_PAGE = 500;

const filterShape = {
  site: slug.optional(),
  stream: z.enum(streamIds).optional(),
  destination: slug.optional(),
  state: z.enum(['pending', 'set-aside']).optional(),
  from: z.string().max(2000).optional(),
};
const querySchema = z.strictObject({
  ...filterShape,
  limit: z.coerce.number().int().min(1).max(200).default(PAGE),
});
const retrySchema = z.strictObject({
  ...filterShape,
  item: z.string().min(1).max(500).optional(),
  /** Fetch files now, by a run of their own, instead of by the next run of a schedule. */
  start: z.boolean().default(false),
  limit: z.int().min(1).max(RETRY_PAGE).default(RETRY_PAGE),
});

/** What is owed and what was set aside (the item ledger), and its retry by hand. */
export function ledgerRoutes(): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();
  routes.get('/', async (context) => {
    const { services } = context.env;
    const query = querySchema.safeParse(context.req.query());
    if (!query.success) throw badRequest(`Query: ${describeIssues(query.error)}`);
    const { settings } = await loadSettings(services.state);
    const { limit, ...filter } = query.data;
    const { rows, next } = await walk(services, settings, filter, limit);
    return context.json({ items: rows.map((row) => shown(row, settings)), ...continuation(next) });
  });
  routes.post('/retry', async (context) => {
    const { services, starter } = context.env;
    const { limit, start, ...asked } = await readBody(context, retrySchema);
    const { settings } = await loadSettings(services.state);
    // An item that is named is meant as it is; a filter alone means what was given up.
    const filter = asked.item === undefined ? { state: 'set-aside' as const, ...asked } : asked;
    const { rows, next } = await walk(services, settings, filter, limit);
    const name = randomUUID().slice(0, 8);
    const { transfers, refused, runs } = await retryItems(services, rows, { settings, now: start, name });
    for (const { id } of runs) await startPull(services, starter, id);
    const retried = transfers.reduce((sum, { items }) => sum + items, 0);
    return context.json(
      {
        retried,
        transfers,
        refused: refused.map(({ row, reason }) => ({ ...placeOf(row), reason })),
        ...continuation(next),
      },
      202,
    );
  });
  return routes;
}

type Filter = z.output<z.ZodObject<typeof filterShape>> & { readonly item?: string | undefined };

function walk(
  { state }: ApiEnvironment['Bindings']['services'],
  settings: Settings,
  filter: Filter,
  limit: number,
) {
  const sites = filter.site === undefined ? settings.sites.map(({ id }) => id) : [filter.site];
  const streams: readonly StreamId[] = filter.stream === undefined ? streamIds : [filter.stream];
  const parts = sites.flatMap((siteId) => streams.map((stream): LedgerPart => ({ siteId, stream })));
  const wanted = {
    ...(filter.state === undefined ? {} : { state: filter.state }),
    ...(filter.destination === undefined ? {} : { destinationId: filter.destination }),
    ...(filter.item === undefined ? {} : { item: filter.item }),
  };
  return walkLedger(
    state,
    parts,
    wanted,
    limit,
    filter.from === undefined ? undefined : placeAt(filter.from),
  );
}

/** A row as people see it: no bytes, no secret, no address. */
function shown(row: LedgerRow, settings: Settings): object {
  const { value } = row.entry;
  const instant = (ms: number) => new Date(ms).toISOString();
  const site = settings.sites.find(({ id }) => id === row.siteId);
  const destination = settings.destinations.find(({ id }) => id === value.destinationId);
  return {
    ...placeOf(row),
    lsid: value.item.lsid,
    title: streamOf(row.stream).title,
    siteName: site?.name,
    destinationName: destination?.name,
    state: value.state,
    attempts: value.attempts,
    handRetries: value.handRetries ?? 0,
    owedSince: instant(value.owedSince),
    refusedSince: value.refusedSince === undefined ? undefined : instant(value.refusedSince),
    nextAttempt: value.state === 'pending' ? instant(value.nextAttempt) : undefined,
    lastFailure: value.lastFailure && {
      kind: value.lastFailure.kind,
      code: value.lastFailure.code,
      message: value.lastFailure.message.replaceAll(/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, '[URL]'),
    },
  };
}

function placeOf({ siteId, stream, entry: { value } }: LedgerRow) {
  return { site: siteId, stream, item: value.item.key, destination: value.destinationId };
}

function continuation(next: LedgerPlace | undefined): { readonly next?: string } {
  if (!next) return {};
  const place = [next.siteId, next.stream, ...(next.key === undefined ? [] : [next.key])];
  return { next: Buffer.from(JSON.stringify(place)).toString('base64url') };
}

const placeSchema = z
  .tuple([slug, z.enum(streamIds)])
  .rest(z.string().regex(/^[A-Za-z0-9\-_.:~|@+=*,!]{1,512}$/))
  .refine(({ length }) => length <= 3);

function placeAt(from: string): LedgerPlace {
  try {
    const place = placeSchema.parse(JSON.parse(Buffer.from(from, 'base64url').toString()));
    const [siteId, stream, key] = place;
    return { siteId, stream, ...(key === undefined ? {} : { key }) };
  } catch {
    throw badRequest('from: take it from `next`.');
  }
}
