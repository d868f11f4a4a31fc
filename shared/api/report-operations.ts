import { z } from 'zod';
import type { Appliance, ReportBody } from '../appliance/appliance.ts';
import { siteNamed } from './at-site.ts';
import { type Asked, type Operation, operation } from './operation.ts';
import { answerFile, answerRows, answerXml } from './report-answer.ts';
import { rowsSchema } from './report-rows.ts';

const tag = 'Reports';
const params = z.object({ id: z.string().meta({ description: 'Id of the site.' }) });

type Params = typeof params;

interface Described {
  /** `operationId` and last part of the path. */
  readonly id: string;
  readonly path: string;
  readonly summary: string;
  /** Left out: EvidenceViewer. */
  readonly role?: 'Reader';
}

interface RowsReport<Q extends z.ZodObject> extends Described {
  readonly query: Q;
  readonly row: z.ZodType;
  rows(appliance: Appliance, query: z.output<Q>, call: Call): Promise<AsyncIterable<unknown> | undefined>;
}

interface XmlReport<Q extends z.ZodObject> extends Described {
  readonly query: Q;
  readonly row: z.ZodType;
  report(appliance: Appliance, query: z.output<Q>, call: Call): Promise<ReportBody | undefined>;
  read(chunks: AsyncIterable<Uint8Array>): AsyncIterable<unknown>;
}

interface Call {
  readonly signal: AbortSignal;
  /** Our clock, milliseconds. */
  readonly now: number;
}

type Limited = { readonly limit: number };

function described({ id, path, summary, role }: Described) {
  return {
    id,
    method: 'get',
    path: `/sites/{id}/reports/${path}`,
    summary,
    tag,
    role: role ?? 'EvidenceViewer',
    audit: role ? 'none' : 'download',
    params,
  } as const;
}

/** A report whose rows are all that is there. */
export function rowsReport<Q extends z.ZodObject>(spec: RowsReport<Q>): Operation {
  return operation<Params, Q>({
    ...described(spec),
    query: spec.query,
    answers: { 200: { description: 'Rows', schema: rowsSchema(spec.row) } },
    async handle({ services, params: { id }, query }: Asked<Params, Q, undefined>) {
      const site = await siteNamed(services, id);
      const now = services.now();
      return answerRows(services, site, (query as unknown as Limited).limit, (appliance, signal) =>
        spec.rows(appliance, query as z.output<Q>, { signal, now }),
      );
    },
  });
}

/** A report that can be had as it was sent, too. */
export function xmlReport<Q extends z.ZodObject>(spec: XmlReport<Q>): Operation {
  return operation<Params, Q>({
    ...described(spec),
    query: spec.query,
    answers: {
      200: {
        description: 'Rows, or the report as it was sent',
        schema: rowsSchema(spec.row),
        otherTypes: ['application/xml'],
      },
      204: { description: 'Nothing found, where XML was asked for' },
    },
    async handle({ services, params: { id }, query }: Asked<Params, Q, undefined>) {
      const site = await siteNamed(services, id);
      const now = services.now();
      const asked = query as z.output<Q>;
      const { format, limit } = query as unknown as Limited & { readonly format: 'json' | 'xml' };
      const ask = (appliance: Appliance, signal: AbortSignal) =>
        spec.report(appliance, asked, { signal, now });
      if (format === 'xml') return answerXml(services, site, ask);
      return answerRows(services, site, limit, async (appliance, signal) => {
        const report = await ask(appliance, signal);
        return report && spec.read(report.chunks);
      });
    },
  });
}

/** A file, as it is. */
export function fileReport<Q extends z.ZodObject>(
  spec: Described & {
    readonly query: Q;
    readonly file: string;
    open(appliance: Appliance, query: z.output<Q>, signal: AbortSignal): ReturnType<Appliance['archive']>;
  },
): Operation {
  return operation<Params, Q>({
    ...described(spec),
    query: spec.query,
    answers: {
      200: {
        description: 'The file as the appliance sent it, 16 MiB at most',
        contentType: 'application/octet-stream',
      },
    },
    async handle({ services, params: { id }, query }: Asked<Params, Q, undefined>) {
      const site = await siteNamed(services, id);
      return answerFile(services, site, spec.file, (appliance, signal) =>
        spec.open(appliance, query as z.output<Q>, signal),
      );
    },
  });
}
