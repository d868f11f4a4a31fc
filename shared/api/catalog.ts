import { z } from 'zod';
import { findByLsid, findSession, findSessions, type SessionPlace } from '../catalog/find-sessions.ts';
import { filesOfSession, hasCatalog } from '../catalog/list-files.ts';
import { type Criterion, criteria } from '../catalog/session-keys.ts';
import type { Services } from '../services.ts';
import { slug } from '../settings/names.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { sessionFilesSchema, sessionPageSchema, shownFile, shownSession } from './catalog-answers.ts';
import { type Operation, operation } from './operation.ts';
import { pageLimit, placeIn, placeKey, placeText } from './paging.ts';
import { badRequest, notFound } from './problem.ts';
import { instant } from './time-query.ts';

const lsid = z.string().trim().min(1).max(200);
const value = (what: string) =>
  z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: `${what} Capitals do not count. With \`*\` at its end: whatever begins so.` });

const searchQuery = z.strictObject({
  lsid: lsid.optional().meta({ description: 'Id of a session.' }),
  externalKey: value('External key.'),
  user: value('Representative or user, by any of their names.'),
  endpoint: value('Host name, or name of a customer.'),
  site: slug.optional().meta({ description: 'Id of a site. Default: all.' }),
  from: instant.optional().meta({ description: 'Sessions that began from this instant on.' }),
  to: instant.optional().meta({ description: 'Sessions that began before this.' }),
  limit: pageLimit(200, 50),
  next: z.string().max(4000).optional(),
});
type Search = z.output<typeof searchQuery>;

export const catalogOperations: readonly Operation[] = [
  operation({
    id: 'findSessions',
    method: 'get',
    path: '/catalog/sessions',
    summary: 'Finds sessions by lsid, external key, user, endpoint or time',
    description:
      'By one of lsid, externalKey, user and endpoint, or by time alone; the newest first. Those that were read before this index was there are in it once they are read again. A page may have few sessions, or none, and a `next`.',
    tag: 'Catalog',
    role: 'Reader',
    query: searchQuery,
    answers: { 200: { description: 'A page of sessions', schema: sessionPageSchema } },
    async handle({ context, services, query }) {
      const by = criterionOf(query);
      const page =
        query.lsid === undefined ? await search(services, query, by) : await named(services, query);
      return context.json({
        sessions: page.sessions.map(shownSession),
        ...(page.next ? { next: textOf(page.next) } : {}),
      });
    },
  }),
  operation({
    id: 'getSession',
    method: 'get',
    path: '/catalog/sessions/{site}/{lsid}',
    summary: 'A session with its stored files at every destination',
    tag: 'Catalog',
    role: 'Reader',
    params: z.object({
      site: slug.meta({ description: 'Id of the site.' }),
      lsid: lsid.meta({ description: 'Id of the session.' }),
    }),
    answers: { 200: { description: 'The session and its files', schema: sessionFilesSchema } },
    async handle({ context, services, params }) {
      const record = await findSession(services.state, params.site, params.lsid);
      if (!record)
        throw notFound(
          `The site "${params.site}" has no session ${params.lsid} in the catalog. What was read before sessions were indexed is in it once it is read again.`,
        );
      const { destinations } = (await loadSettings(services.state)).settings;
      const files = await filesOfSession(services.state, destinations, record);
      const others = destinations.filter((one) => !hasCatalog(one));
      return context.json({
        session: shownSession(record),
        files: files.map(shownFile),
        destinations: others.map(({ id, name, plugin }) => ({ id, name, note: noteOf(plugin) })),
      });
    },
  }),
];

function noteOf(plugin: string): string {
  return plugin === 'sql'
    ? 'Keeps sessions as rows of a database, which are no files: ask the database.'
    : 'Its package keeps its own account of files.';
}

function criterionOf(query: Search): { criterion: Criterion; value: string; prefix: boolean } | undefined {
  const [first, second] = (['lsid', ...criteria] as const).filter((name) => query[name] !== undefined);
  if (second !== undefined) {
    const message = 'give one of lsid, externalKey, user and endpoint';
    throw badRequest(`Query: ${second}: ${message}.`, [{ field: second, message }]);
  }
  const text = first === undefined || first === 'lsid' ? undefined : query[first];
  if (text === undefined || first === undefined || first === 'lsid') return undefined;
  const prefix = text.endsWith('*');
  return { criterion: first, value: prefix ? text.slice(0, -1) : text, prefix };
}

async function named({ state }: Services, { lsid = '', site, from, to }: Search) {
  const found = await findByLsid(state, lsid, site);
  const sessions = found.filter(({ startTime }) => {
    const began = (startTime ?? 0) * 1000;
    return (from === undefined || began >= from) && (to === undefined || began < to);
  });
  return { sessions, next: undefined };
}

async function search({ state }: Services, query: Search, by: ReturnType<typeof criterionOf>) {
  const page = await findSessions(state, {
    ...(by ? { by } : {}),
    siteId: query.site,
    from: query.from === undefined ? undefined : query.from / 1000,
    to: query.to === undefined ? undefined : query.to / 1000,
    limit: query.limit,
    after: query.next === undefined ? undefined : placeAt(query.next),
  });
  if (page) return page;
  const message = 'is too long to be looked for by its beginning: give less of it, or all of it without *';
  throw badRequest(`Query: ${by?.criterion}: ${message}.`, [{ field: by?.criterion ?? '', message }]);
}

function textOf({ key, siteId }: SessionPlace): string {
  return placeText([key, siteId]);
}

const placeSchema = z.tuple([placeKey, slug]);

function placeAt(next: string): SessionPlace {
  const [key, siteId] = placeIn('next', next, placeSchema);
  return { key, siteId };
}
