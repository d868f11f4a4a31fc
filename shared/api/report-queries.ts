import { z } from 'zod';
import type { SessionSelector, TimeWindow } from '../appliance/appliance.ts';
import { pageLimit } from './paging.ts';
import { badField } from './problem.ts';
import { instant } from './time-query.ts';

const limit = pageLimit(10_000, 1000).meta({ description: 'Rows at most.' });

const format = z
  .enum(['json', 'xml'])
  .default('json')
  .meta({ description: '`xml`: as the appliance sent it, whole, 16 MiB at most.' });

const to = instant.optional().meta({ description: 'Before this instant; left out: until now.' });

const windowShape = {
  from: instant.meta({ description: "From this instant of the appliance's clock on." }),
  to,
};

/** Reports do not page: what is more than `limit` rows is had by asking for less time. */
export const windowed = { ...windowShape, limit };
export const withXml = { ...windowed, format };

const by = z
  .enum(['end_time', 'start_time'])
  .default('end_time')
  .meta({ description: '`end_time`: ended in the window. `start_time`: began in it, running ones too.' });

export const listingQuery = z.strictObject({ ...windowed, by });

export const sessionQuery = z.strictObject({
  from: windowShape.from.optional(),
  to,
  by,
  sessions: z
    .string()
    .transform((ids) => ids.split(','))
    .pipe(
      z
        .array(z.string().regex(/^[0-9a-fA-F]{32}$/, 'a session id (lsid) has 32 hexadecimal digits'))
        .max(50, 'at most 50 sessions'),
    )
    .optional()
    .meta({ description: 'In place of a window: session ids, with commas between, at most 50.' }),
  limit,
  format,
});

export const dayOnly = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d$/, 'give a day as YYYY-MM-DD')
  .meta({ description: 'YYYY-MM-DD' });

interface Window {
  readonly from: number;
  readonly to?: number | undefined;
}

/** Whole seconds. `now`: milliseconds. */
export function windowOf({ from, to }: Window, now: number): TimeWindow {
  const window = { from: Math.floor(from / 1000), to: Math.floor((to ?? now) / 1000) };
  if (window.from < 0 || window.to <= window.from) throw badField('from', 'must lie before to');
  return window;
}

export function selectorOf(query: z.output<typeof sessionQuery>, now: number): SessionSelector {
  const { from, to, by: time, sessions } = query;
  if ((from === undefined) === (sessions === undefined))
    throw badField('from', 'give either from (and to), or sessions');
  if (sessions) return { by: 'lsids', lsids: [...new Set(sessions.map((id) => id.toLowerCase()))] };
  return { by: time, ...windowOf({ from: from ?? 0, to }, now) };
}
