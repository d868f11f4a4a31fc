import { z } from 'zod';
import { type Coverage, type CoveragePage, listCoverage } from '../reconciliation/coverage.ts';
import { dayName, dayNamed } from '../reconciliation/days.ts';
import type { Services } from '../services.ts';
import { slug } from '../settings/names.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { streamIds } from '../streams/stream.ts';
import { type Operation, operation } from './operation.ts';
import { pageLimit, placeIn, placeKey, placeText } from './paging.ts';

const PAGE = 1000;
/** Requests to the state for one page: a filter that fits nothing must not hold up whoever asks. */
const MOST_READS = 20;

const day = z.string().refine((text) => dayNamed(text) !== undefined, 'give a day as YYYY-MM-DD');
const querySchema = z.strictObject({
  site: slug.optional().meta({ description: 'Id of a site.' }),
  from: day.optional().meta({ description: 'First day, YYYY-MM-DD; left out: a year ago.' }),
  to: day.optional().meta({ description: 'Last day, YYYY-MM-DD; left out: today.' }),
  stream: z.enum(streamIds).optional().meta({ description: 'A data type.' }),
  destination: slug.optional().meta({ description: 'Id of a destination.' }),
  limit: pageLimit(5000, PAGE),
  after: z.string().max(2000).optional(),
});

const count = z.int().min(0);

const pageSchema = z.object({
  rows: z.array(
    z
      .object({
        day: z.string().meta({ description: "UTC day of the appliance's clock, YYYY-MM-DD." }),
        siteId: z.string(),
        stream: z.enum(streamIds),
        destinationId: z.string(),
        by: z.enum(['listing', 'window', 'runs']),
        onAppliance: count.optional(),
        stored: count.optional(),
        owed: count.meta({ description: 'It will be fetched by itself.' }),
        setAside: count.meta({ description: 'Given up until a person tries again.' }),
        agedOut: count.meta({ description: 'The appliance forgot it before it was stored.' }),
        settled: count.meta({ description: 'Not stored, and rightly so.' }),
        hidden: count.meta({ description: 'Has a recording that the account is not shown.' }),
        missing: count.meta({ description: 'Neither stored nor in the ledger: a gap.' }),
        covered: z.boolean().meta({ description: "The transfer's watermark has passed the day." }),
        checkedAt: z.string(),
      })
      .meta({ id: 'Coverage' }),
  ),
  next: z.string().optional().meta({ description: 'For `after`.' }),
});

/** What every destination has of every day and data type: rows that reconciliation has written, and nothing else. */
export const coverageOperations: readonly Operation[] = [
  operation({
    id: 'listCoverage',
    method: 'get',
    path: '/coverage',
    summary: 'What every destination has of every day and data type',
    tag: 'Coverage',
    role: 'Reader',
    query: querySchema,
    answers: { 200: { description: 'A page of rows', schema: pageSchema } },
    handle: async ({ context, services, query }) => context.json(await pageOf(services, query)),
  }),
];

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
  return placeText(key === undefined ? [site] : [site, key]);
}

const placeSchema = z.tuple([slug]).rest(placeKey);

function placeAt(after: string): Place {
  const [site, key] = placeIn('after', after, placeSchema);
  return { site, ...(key === undefined ? {} : { key }) };
}
