import type { ApplianceInfo } from '../appliance/appliance.ts';
import { Failure } from '../errors.ts';
import type { Stream } from './stream.ts';

/** Codes of `unavailable` that say that the appliance has nothing of the kind. */
export const notThere: ReadonlySet<string> = new Set(['not-of-this-product', 'api-version']);

/**
 * Why this appliance, or its API account, cannot give the data type: terminal `not-of-this-product`, `api-version`,
 * `no-permission`. What the appliance does not say (an account without the command API) is tried.
 *
 * @param site as messages name it: `"Main" (support.example.com)`
 */
export function unavailable(stream: Stream, info: ApplianceInfo, site: string): Failure | undefined {
  const { title, products, permissions } = stream;
  const { product, apiVersion } = info;
  if (!products.includes(product)) {
    const name = product === 'RS' ? 'Remote Support' : 'Privileged Remote Access';
    const message = `Site ${site} is ${name}, which has no ${title}; take it out of the transfer.`;
    return new Failure('terminal', 'not-of-this-product', message);
  }
  const since = stream.since?.[product];
  if (since !== undefined && apiVersion !== undefined && compareVersions(apiVersion, since) < 0) {
    const message = `Site ${site} has API version ${apiVersion}, and ${title} came with ${since}: update the appliance, or take it out of the transfer.`;
    return new Failure('terminal', 'api-version', message);
  }
  const granted = info.permissions ?? {};
  const known = permissions.filter((name) => Object.hasOwn(granted, name));
  if (known.length === 0 || known.some((name) => !isDenied(granted[name]))) return undefined;
  const what = stream.from === 'session-report' && stream.report === 'session' ? 'session reports' : title;
  const right = stream.id === 'backup' ? 'Backup' : 'Reporting';
  return new Failure(
    'terminal',
    'no-permission',
    `Site ${site}: the API account may not read ${what} (${known.join(', ')} is ${granted[known[0] ?? '']}); allow ${right} for it at /login > Management > API Configuration.`,
  );
}

function isDenied(value: string | undefined): boolean {
  return value === '0' || value === 'deny';
}

/** By number, part by part: 1.9.0 comes before 1.22.2. Negative: `a` is older. What is no number counts as 0. */
export function compareVersions(a: string, b: string): number {
  const parts = (version: string) => version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const [one, other] = [parts(a), parts(b)];
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
