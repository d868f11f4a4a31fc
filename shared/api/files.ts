import { z } from 'zod';
import { filesByTime, timedStreams } from '../catalog/list-files.ts';
import { slug } from '../settings/names.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { recordedHost } from '../settings/site.ts';
import { filePageSchema, fileSchema, shownFile } from './catalog-answers.ts';
import { fileNamed, giveContent } from './files-content.ts';
import { mostBytes } from './files-range.ts';
import { type Operation, operation } from './operation.ts';
import { pageLimit, placeIn, placeKey, placeText } from './paging.ts';
import { notFound } from './problem.ts';
import { instant } from './time-query.ts';

const listQuery = z.strictObject({
  site: slug.meta({ description: 'Id of the site.' }),
  stream: z
    .enum(timedStreams, `one of ${timedStreams.join(', ')}; files of sessions are found by their session`)
    .meta({ description: 'Data type. Files of sessions are found by their session.' }),
  destination: slug.optional().meta({ description: 'Default: each that keeps files.' }),
  host: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,255}$/)
    .optional()
    .meta({ description: 'A recorded host name that the site had before. Default: the one it has.' }),
  from: instant.optional().meta({ description: 'Due instant or start of the day or hour, from this on.' }),
  to: instant.optional().meta({ description: 'Before this.' }),
  limit: pageLimit(500, 100),
  next: z.string().max(2000).optional(),
});

const placeSchema = z.strictObject({ destination: slug, key: placeKey.optional() });

const fileParams = z.object({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,8000}$/, 'take it from a list of files')
    .meta({ description: 'Id of the file, from a list.' }),
});

export const fileOperations: readonly Operation[] = [
  operation({
    id: 'listFiles',
    method: 'get',
    path: '/catalog/files',
    summary: 'Backups, syslogs and activity reports that are stored, in the order of time',
    description: 'Destination after destination.',
    tag: 'Catalog',
    role: 'Reader',
    query: listQuery,
    answers: { 200: { description: 'A page of files', schema: filePageSchema } },
    async handle({ context, services, query }) {
      const { settings } = await loadSettings(services.state);
      const site = settings.sites.find(({ id }) => id === query.site);
      if (!site) throw notFound(`There is no site "${query.site}".`);
      const { destination, stream, from, to, limit } = query;
      const destinations = settings.destinations.filter(
        ({ id }) => destination === undefined || id === destination,
      );
      const page = await filesByTime(services.state, {
        destinations,
        host: query.host ?? recordedHost(site),
        stream,
        from: from === undefined ? undefined : from / 1000,
        to: to === undefined ? undefined : to / 1000,
        limit,
        after: query.next === undefined ? undefined : placeIn('next', query.next, placeSchema),
      });
      return context.json({
        files: page.files.map(shownFile),
        ...(page.next ? { next: placeText(page.next) } : {}),
      });
    },
  }),
  operation({
    id: 'getFile',
    method: 'get',
    path: '/catalog/files/{id}',
    summary: 'What is known of a stored file',
    tag: 'Catalog',
    role: 'Reader',
    params: fileParams,
    answers: { 200: { description: 'The file, without its content', schema: fileSchema } },
    async handle({ context, services, params }) {
      const { listed } = await fileNamed(services, params.id);
      return context.json(shownFile(listed));
    },
  }),
  operation({
    id: 'getFileContent',
    method: 'get',
    path: '/catalog/files/{id}/content',
    summary: 'The content of a stored file',
    description: `At most ${mostBytes} bytes in one answer: ask for larger files by \`Range\`, one range at a time; a longer range is answered with its beginning, and \`Content-Range\` says so. \`If-Range\` takes the ETag. Every download is in the audit log.`,
    tag: 'Catalog',
    role: 'EvidenceViewer',
    audit: 'download',
    params: fileParams,
    answers: {
      200: {
        description: 'The whole file; its SHA-256 was compared with the one it was stored with',
        contentType: 'application/octet-stream',
        headers: {
          ETag: 'The SHA-256 of the whole file, in hexadecimal.',
          'Repr-Digest': 'The SHA-256 of the whole file (RFC 9530).',
          'Content-Disposition': 'Its name.',
        },
      },
      206: {
        description: 'A part of it',
        contentType: 'application/octet-stream',
        headers: {
          'Content-Range': 'Which bytes these are, and of how many.',
          ETag: 'The SHA-256 of the whole file, in hexadecimal.',
          'Repr-Digest': 'The SHA-256 of the whole file (RFC 9530).',
        },
      },
    },
    handle: ({ context, services, params }) => giveContent(context, services, params.id),
  }),
];
