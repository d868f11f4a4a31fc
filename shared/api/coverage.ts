import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import { z } from 'zod';
import { type Coverage, type CoveragePage, listCoverage } from '../reconciliation/coverage.ts';
import { dayName, dayNamed } from '../reconciliation/days.ts';
import { listReconciliations, readReconciliation } from '../reconciliation/record.ts';
import { reconcileByHand } from '../reconciliation/start-reconciliation.ts';
import type { Services } from '../services.ts';
import { slug } from '../settings/names.ts';
import { describeIssues, loadSettings } from '../settings/settings-store.ts';
import { streamIds } from '../streams/stream.ts';
import { readBody } from './body.ts';
import type { ApiEnvironment } from './environment.ts';
import { badRequest, notFound } from './problem.ts';

const PAGE = 1000;
/** Requests to the state for one page: a filter that fits nothing must not hold up whoever asks. */
const MOST_READS = 20;

const day = z.string().refine((text) => dayNamed(text) !== undefined, 'give a day as YYYY-MM-DD');
const querySchema = z.strictObject({
  site: slug.optional(),
  /** Both included; default: the year up to today. */
  from: day.optional(),
  to: day.optional(),
  stream: z.enum(streamIds).optional(),
  destination: slug.optional(),
  limit: z.coerce.number().int().min(1).max(5000).default(PAGE),
  after: z.string().max(2000).optional(),
});

/** What every destination has of every day and data type: rows that reconciliation has written, and nothing else. */
export function coverageRoutes(): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();
  routes.get('/', async (context) => {
    const { services } = context.env;
    const query = querySchema.safeParse(context.req.query());
    if (!query.success) throw badRequest(`Query: ${describeIssues(query.error)}`);
    return context.json(await pageOf(services, query.data));
  });
  return routes;
}

type Query = z.output<typeof querySchema>;

interface Place {
  readonly site: string;
  readonly key?: string;
}

async function pageOf(services: Services, query: Query): Promise<{ rows: Coverage[]; next?: string }> {
  const { settings } = await loadSettings(services.state);
  const sites = query.site === undefined ? settings.sites.map(({ id }) => id) : [query.site];
  const now = services.now() / 1000;
  const days = { from: query.from ?? dayName(now - 365 * 86_400), to: query.to ?? dayName(now) };
  const place = query.after === undefined ? undefined : placeAt(query.after);
  const rows: Coverage[] = [];
  let reads = 0;
  for (const site of place ? sites.slice(Math.max(0, sites.indexOf(place.site))) : sites) {
    let key = site === place?.site ? place.key : undefined;
    do {
      const left = query.limit - rows.length;
      if (left <= 0 || reads++ >= MOST_READS) return { rows, next: continuation(site, key) };
      const filtered = query.stream !== undefined || query.destination !== undefined;
      const page: CoveragePage = await listCoverage(services.state, site, days, {
        // With a filter most rows of a page may fall out, but none of those that fit may be lost.
        limit: filtered ? PAGE : Math.min(PAGE, left),
        ...(key === undefined ? {} : { after: key }),
      });
      rows.push(...page.rows.filter((row) => fits(row, query)));
      key = page.next;
    } while (key !== undefined);
  }
  return { rows };
}

function fits({ stream, destinationId }: Coverage, query: Query): boolean {
  return (
    (query.stream === undefined || query.stream === stream) &&
    (query.destination === undefined || query.destination === destinationId)
  );
}

function continuation(site: string, key: string | undefined): string {
  return Buffer.from(JSON.stringify(key === undefined ? [site] : [site, key])).toString('base64url');
}

const placeSchema = z.tuple([slug]).rest(z.string().regex(/^[A-Za-z0-9\-_.:~|@+=*,!]{1,512}$/));

function placeAt(after: string): Place {
  try {
    const [site, key] = placeSchema.parse(JSON.parse(Buffer.from(after, 'base64url').toString()));
    return { site, ...(key === undefined ? {} : { key }) };
  } catch {
    throw badRequest('after: take it from `next`.');
  }
}

const askSchema = z.strictObject({
  sites: z.array(slug).min(1).max(200).optional(),
  days: z.int().min(1).max(3650).optional(),
});

/** Reconciliations: the daily ones, and those that somebody asks for. */
export function reconciliationRoutes(): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();
  routes.post('/', async (context) => {
    const { services, reconciler } = context.env;
    if (!reconciler) throw new Error('the host hands in no reconciler');
    const { sites, days } = await readBody(context, askSchema);
    const asked = { ...(sites ? { sites } : {}), ...(days === undefined ? {} : { days }) };
    const name = randomUUID().slice(0, 8);
    const record = await reconcileByHand(services, reconciler, { ...asked, name });
    return context.json(record, 202, { Location: `/api/reconciliation/${record.id}` });
  });
  routes.get('/', async (context) => {
    const from = context.req.query('from');
    if (from !== undefined && !/^[A-Za-z0-9_-]{1,200}$/.test(from))
      throw badRequest('from: take it from `next`.');
    const { entries, next } = await listReconciliations(context.env.services.state, {
      limit: 50,
      ...(from === undefined ? {} : { from }),
    });
    const reconciliations = entries.map(({ value }) => value);
    return context.json({ reconciliations, ...(next === undefined ? {} : { next }) });
  });
  routes.get('/:id', async (context) => {
    const id = context.req.param('id');
    const record = /^[A-Za-z0-9_-]{1,100}$/.test(id)
      ? await readReconciliation(context.env.services.state, id)
      : undefined;
    if (!record) throw notFound(`There is no reconciliation "${id}".`);
    return context.json(record);
  });
  return routes;
}
