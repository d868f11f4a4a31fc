import { z } from 'zod';

/** Rows of reports as JSON. Instants are Unix seconds of the appliance's clock; `null`: absent, or not readable. */
const text = z.string().nullable();
const number = z.number().nullable();

const sessionRow = z
  .looseObject({ lsid: z.string(), hash: z.string().meta({ description: 'Of the content, SHA-256.' }) })
  .meta({
    id: 'SessionRow',
    description: 'A session or presentation as sessions are modelled, without URLs that open recordings.',
  });

const listingRow = z.object({ lsid: z.string(), hasRecording: z.boolean(), externalKey: text });

const summaryRow = z.object({
  id: text,
  type: text,
  displayName: text,
  totalSessions: number,
  averageSessionsPerWeekday: number,
  averageDuration: text,
});

const teamRow = z.looseObject({
  kind: z.enum(['team', 'member', 'event']),
  team: z.object({ id: text, name: text }),
});

const vaultRow = z.object({
  time: number,
  eventType: text,
  account: text,
  performedBy: z.object({ id: text, type: text, name: text }).nullable(),
  data: text,
});

const surveyRow = z.looseObject({
  lsid: z.string(),
  time: number,
  questions: z.array(z.looseObject({ name: text, label: text, answers: z.array(z.string()) })),
});

const licenceRow = z.object({
  start: number,
  end: number,
  values: z.array(z.tuple([z.string(), z.string()])),
});

const archiveRow = z.object({ type: z.enum(['state', 'event']), index: text, time: number, endTime: number });

export const reportRows = {
  session: sessionRow,
  listing: listingRow,
  summary: summaryRow,
  team: teamRow,
  vault: vaultRow,
  survey: surveyRow,
  licence: licenceRow,
  archive: archiveRow,
};

export function rowsSchema(row: z.ZodType): z.ZodType {
  return z.object({
    rows: z.array(row),
    complete: z.boolean().meta({
      description: '`false`: there is more than was asked for, or than an answer holds; ask for less time.',
    }),
  });
}
