import assert from 'node:assert/strict';
import type { ReportLimits } from '../shared/appliance/report-limits.ts';
import { type ReportRoot, readSessionReport } from '../shared/appliance/session-report.ts';
import { Failure } from '../shared/errors.ts';
import type { SessionReading } from '../shared/sessions/session.ts';

export interface ReadReport {
  readonly readings: SessionReading[];
  readonly root: ReportRoot | undefined;
}

export async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Reads a whole report from memory. */
export async function readAll(
  report: string | Uint8Array,
  options: { readonly size?: number; readonly limits?: Partial<ReportLimits> } = {},
): Promise<ReadReport> {
  const bytes = typeof report === 'string' ? Buffer.from(report) : report;
  const limits = options.limits === undefined ? {} : { limits: options.limits };
  const read = readSessionReport(pieces(bytes, options.size ?? 16_384), limits);
  const readings: SessionReading[] = [];
  for await (const reading of read) {
    assert.equal(read.complete, false, 'not complete before the end');
    readings.push(reading);
  }
  assert.equal(read.complete, true);
  assert.equal(read.count, readings.length);
  return { readings, root: read.root };
}

export async function readOne(session: string): Promise<SessionReading> {
  const { readings } = await readAll(inReport(session));
  const [reading] = readings;
  assert.equal(readings.length, 1);
  assert.ok(reading);
  return reading;
}

export function inReport(...sessions: string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<session_list xmlns="http://www.beyondtrust.com/sra/namespaces/API/reporting">\n${sessions.join('\n')}\n</session_list>`;
}

/** Checks that reading fails, in the way expected. */
export async function fails(
  report: string | Uint8Array,
  code: string,
  options: Parameters<typeof readAll>[1] & { readonly kind?: string; readonly words?: RegExp } = {},
): Promise<void> {
  await assert.rejects(readAll(report, options), (error) => {
    assert.ok(error instanceof Failure, `a Failure, not ${error}`);
    assert.equal(error.code, code, `${error.message} for ${String(report).slice(0, 300)}`);
    if (options.kind !== undefined) assert.equal(error.kind, options.kind);
    if (options.words !== undefined) assert.match(error.message, options.words);
    assert.ok(!error.message.includes('\n') && error.message.length < 400, error.message);
    return true;
  });
}
