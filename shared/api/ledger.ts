import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Services } from '../services.ts';
import { slug } from '../settings/names.ts';
import type { Settings } from '../settings/settings.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { streamOf } from '../streams/index.ts';
import { type StreamId, streamIds } from '../streams/stream.ts';
import { type LedgerPart, type LedgerPlace, type LedgerRow, walkLedger } from '../transfer/ledger-walk.ts';
import { retryItems } from '../transfer/retry-items.ts';
import { ledgerPageSchema, retriedSchema } from './ledger-answers.ts';
import { type Operation, operation } from './operation.ts';
import { pageLimit, placeIn, placeKey, placeText } from './paging.ts';
import { startPull } from './pulls.ts';

const PAGE = 50;
const RETRY_PAGE = 500;

const filterShape = {
  site: slug.optional().meta({ description: 'Id of a site.' }),
  stream: z.enum(streamIds).optional().meta({ description: 'A data type.' }),
  destination: slug.optional().meta({ description: 'Id of a destination.' }),
  state: z
    .enum(['pending', 'set-aside'])
    .optional()
    .meta({ description: 'pending: owed. set-aside: given up until a person tries again.' }),
  from: z.string().max(2000).optional(),
};
const querySchema = z.strictObject({
  ...filterShape,
  limit: pageLimit(200, PAGE),
});
const retrySchema = z.strictObject({
  ...filterShape,
  item: z.string().min(1).max(500).optional().meta({ description: 'Key of one item.' }),
  start: z.boolean().default(false).meta({
    description: 'Fetches files now, by a run of their own, instead of by the next run of a schedule.',
  }),
  limit: z.int().min(1).max(RETRY_PAGE).default(RETRY_PAGE),
});

/** What is owed and what was set aside (the item ledger), and its retry by hand. */
export const ledgerOperations: readonly Operation[] = [
  operation({
    id: 'listLedger',
    method: 'get',
    path: '/ledger',
    summary: 'Files that are owed or were set aside',
    tag: 'Ledger',
    role: 'Reader',
    query: querySchema,
    answers: { 200: { description: 'A page of items', schema: ledgerPageSchema } },
    async handle({ context, services, query: { limit, ...filter } }) {
      const { settings } = await loadSettings(services.state);
      const { rows, next } = await walk(services, settings, filter, limit);
      return context.json({ items: rows.map((row) => shown(row, settings)), ...continuation(next) });
    },
  }),
  operation({
    id: 'retryLedger',
    method: 'post',
    path: '/ledger/retry',
    summary: 'Tries items again: one that is named, or those that were set aside',
    tag: 'Ledger',
    role: 'Operator',
    body: retrySchema,
    answers: { 202: { description: 'What is tried again, and by whom', schema: retriedSchema } },
    async handle({ context, services, bindings: { starter }, body: { limit, start, ...asked } }) {
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
    },
  }),
];

type Filter = z.output<z.ZodObject<typeof filterShape>> & { readonly item?: string | undefined };

function walk({ state }: Services, settings: Settings, filter: Filter, limit: number) {
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
  return { next: placeText(place) };
}

const placeSchema = z
  .tuple([slug, z.enum(streamIds)])
  .rest(placeKey)
  .refine(({ length }) => length <= 3);

function placeAt(from: string): LedgerPlace {
  const [siteId, stream, key] = placeIn('from', from, placeSchema);
  return { siteId, stream, ...(key === undefined ? {} : { key }) };
}
