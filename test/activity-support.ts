import type { ReportBody } from '../shared/appliance/appliance.ts';
import { collect } from './appliance-client-support.ts';

/** A report read to typed rows; nothing found is an empty list. */
export async function rowsOf<Row>(
  asked: Promise<ReportBody | undefined>,
  read: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Row>,
): Promise<Row[]> {
  const body = await asked;
  return body === undefined ? [] : collect(read(body.chunks));
}

/** The hours of a day as windows. */
export function hoursOf(from: number, to: number): { readonly from: number; readonly to: number }[] {
  const hours = [];
  for (let at = from; at < to; at += 3600) hours.push({ from: at, to: Math.min(to, at + 3600) });
  return hours;
}
