import { z } from 'zod';
import { auditOutcomes } from '../access/audit-entry.ts';
import { listAudit } from '../access/audit-list.ts';
import { type AuditPlace, verifyAudit } from '../access/audit-verify.ts';
import { roles } from '../access/roles.ts';
import { type Operation, operation } from './operation.ts';
import { pageLimit } from './paging.ts';
import { instant } from './time-query.ts';

const PAGE = 100;
const kinds = ['change', 'download'] as const;
const numberText = z.string().regex(/^[1-9]\d{0,9}$/, 'a whole number from 1');
const hash = z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits, in lower case');

const listQuery = z.strictObject({
  who: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: 'Id of a principal, or a part of the name.' }),
  operation: z.string().min(1).max(100).optional().meta({ description: 'Id of an operation.' }),
  kind: z.enum(kinds).optional(),
  outcome: z.enum(auditOutcomes).optional(),
  from: instant.optional().meta({ description: 'Entries from this instant on.' }),
  to: instant.optional().meta({ description: 'Entries before this instant.' }),
  limit: pageLimit(500, PAGE),
  next: numberText.transform(Number).optional().meta({ description: '`next` of the page before.' }),
});

const entrySchema = z.object({
  number: z.int().meta({ description: 'From 1, without gaps.' }),
  previous: hash.meta({ description: 'SHA-256 of the entry before; of the first: zeros.' }),
  hash: hash.meta({ description: 'SHA-256 of this entry.' }),
  id: z.string(),
  time: z.iso.datetime(),
  principal: z.object({ id: z.string(), name: z.string(), roles: z.array(z.enum(roles)) }),
  operation: z.string(),
  kind: z.enum(kinds),
  outcome: z.enum(auditOutcomes).meta({ description: '`asked` is written before the work.' }),
  target: z.record(z.string(), z.string()).optional(),
  of: z.int().optional().meta({ description: 'Number of the entry whose outcome this is.' }),
  status: z.int().optional(),
  code: z.string().optional(),
  made: z.string().optional(),
  file: z.string().optional().meta({ description: 'Of a download: what was given out.' }),
  changes: z.array(z.string()).optional().meta({ description: 'Places of the settings, without values.' }),
  more: z.int().optional(),
});

const placeText = z
  .string()
  .regex(/^[1-9]\d{0,9}~([0-9a-f]{64})?$/, 'take it from `next`')
  .transform((text): AuditPlace => {
    const [number = '', found = ''] = text.split('~');
    return { number: Number(number), ...(found === '' ? {} : { hash: found }) };
  });
const headSchema = z.object({ number: z.int(), hash });

const verifyQuery = z
  .strictObject({
    next: placeText.optional().meta({ description: '`next` of the page before.' }),
    limit: pageLimit(1000, 1000).meta({ description: 'Entries a page.' }),
    number: numberText.transform(Number).optional().meta({ description: 'Of a head that was noted before.' }),
    hash: hash.optional().meta({ description: 'Of the same head.' }),
  })
  .refine((query) => (query.number === undefined) === (query.hash === undefined), {
    error: 'give number and hash together',
    path: ['hash'],
  });

/** Who did what. Those who administer may read it; nobody may change it. */
export const auditOperations: readonly Operation[] = [
  operation({
    id: 'listAudit',
    method: 'get',
    path: '/audit',
    summary: 'Every change and every download: who, what, and what came of it; the latest first',
    tag: 'Audit',
    role: 'Administrator',
    query: listQuery,
    answers: {
      200: {
        description: 'A page of entries; it may have few, and a `next`',
        schema: z.object({ entries: z.array(entrySchema), next: z.string().optional() }),
      },
    },
    async handle({ context, services, query }) {
      const { entries, next } = await listAudit(services.state, query);
      return context.json({ entries, ...(next === undefined ? {} : { next: String(next) }) });
    },
  }),
  operation({
    id: 'verifyAudit',
    method: 'get',
    path: '/audit/verify',
    summary: 'Walks the chain of the audit log backwards and tells where it is broken',
    description:
      'Follow `next` to the end. Note the head elsewhere and send it as `number` and `hash` later: this proves that nothing before it was changed.',
    tag: 'Audit',
    role: 'Administrator',
    query: verifyQuery,
    answers: {
      200: {
        description: 'What was found in these entries',
        schema: z.object({
          head: headSchema.optional(),
          entries: z.int().meta({ description: 'How many were looked at.' }),
          breaks: z.array(
            z.object({
              what: z.enum(['missing', 'changed', 'beyond', 'headless', 'unlike-known']),
              from: z.int(),
              to: z.int(),
            }),
          ),
          next: z.string().optional(),
        }),
      },
    },
    async handle({ context, services, query }) {
      const { number, hash: noted, next, limit } = query;
      const known = number === undefined || noted === undefined ? undefined : { number, hash: noted };
      const check = await verifyAudit(services.state, { next, known, limit });
      const place = check.next && `${check.next.number}~${check.next.hash ?? ''}`;
      return context.json({ ...check, ...(place === undefined ? {} : { next: place }) });
    },
  }),
];
