/** Which sessions a report is about. Times are Unix seconds, the window is [from, to). */
export type ReportSelector =
  | { readonly kind: 'window'; readonly by: 'start' | 'end'; readonly from: number; readonly to: number }
  | { readonly kind: 'lsids'; readonly lsids: readonly string[] };

const daySeconds = 24 * 3600;
const windowNames = ['start_date', 'start_time', 'end_date', 'end_time'] as const;

/**
 * Reads a report's parameters (API guide): one of start_date, start_time, end_date and end_time with a duration, or
 * lsid, or lsids. Dates are taken as UTC. What several at once mean is not documented: refused here.
 * @param lists whether lsid and lsids are allowed
 * @returns the selector, or what is wrong
 */
export function readSelector(
  parameters: Readonly<Record<string, string>>,
  lists: boolean,
): ReportSelector | { readonly wrong: string } {
  const given = [...windowNames, 'lsid', 'lsids'].filter((name) => parameters[name] !== undefined);
  const name = given[0];
  if (name === undefined) return { wrong: 'A required parameter is missing.' };
  if (given.length > 1) return { wrong: `Only one of ${given.join(', ')} may be given.` };
  const value = parameters[name] ?? '';
  if (name === 'lsid' || name === 'lsids') {
    if (!lists) return { wrong: `The parameter ${name} is not allowed here.` };
    return { kind: 'lsids', lsids: name === 'lsid' ? [value] : value.split(',').map((lsid) => lsid.trim()) };
  }
  const days = name.endsWith('date');
  const from = days ? readDate(value) : readWhole(value);
  if (from === undefined) return { wrong: `The parameter ${name} is not valid.` };
  const duration = readWhole(parameters.duration ?? '');
  if (duration === undefined) return { wrong: 'The parameter duration is not valid.' };
  const to = duration === 0 ? Number.POSITIVE_INFINITY : from + duration * (days ? daySeconds : 1);
  return { kind: 'window', by: name.startsWith('start') ? 'start' : 'end', from, to };
}

function readWhole(text: string): number | undefined {
  return /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

function readDate(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const time = Date.parse(`${text}T00:00:00Z`);
  // 31 February would be read as a day in March.
  if (Number.isNaN(time) || !new Date(time).toISOString().startsWith(text)) return undefined;
  return time / 1000;
}
