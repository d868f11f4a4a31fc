import { isIPv6 } from 'node:net';
import { Failure } from '../errors.ts';

/** Where a site is reached. */
export interface SiteAddress {
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** As it stands in a URL and in messages. */
  readonly authority: string;
}

const NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))*\.?$/i;

/** `host`, `host:port`, `[IPv6]` or `[IPv6]:port`; nothing else that a URL may have. Throws terminal `bad-host`. */
export function parseHost(host: string): SiteAddress {
  const [, name, bracketed, digits] =
    /^(?:([^\s/@:?#[\]\\]+)|\[([0-9a-f:.]+)\])(?::(\d{1,5}))?$/i.exec(host) ?? [];
  const port = digits === undefined ? 443 : Number(digits);
  const hostname = name ?? bracketed;
  const valid = name === undefined ? bracketed !== undefined && isIPv6(bracketed) : NAME.test(name);
  if (hostname === undefined || !valid || port < 1 || port > 65_535) throw badHost(host);
  const shown = name ?? `[${bracketed}]`;
  return { hostname, port, authority: port === 443 ? shown : `${shown}:${port}` };
}

function badHost(host: string): Failure {
  // What is wrong may hold a password (user:password@host): it is not repeated.
  const why = /^[a-z]+:\/\//i.test(host)
    ? 'leave out the scheme (https://)'
    : host.includes('@')
      ? 'leave out user name and password'
      : /[/?#\\]/.test(host)
        ? 'leave out the path'
        : host.split(':').length > 2 && !host.includes('[')
          ? 'put an IPv6 address in brackets'
          : 'give a host name, or host:port';
  return new Failure('terminal', 'bad-host', `The site's host is not valid: ${why}.`);
}
