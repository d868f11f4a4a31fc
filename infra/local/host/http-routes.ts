import { Failure } from '../../../shared/errors.ts';
import type { HostedFunction } from './function-catalog.ts';

export interface RouteMatch {
  readonly function: HostedFunction;
  readonly params: Readonly<Record<string, string>>;
}

interface Segment {
  readonly kind: 'literal' | 'parameter' | 'catch-all';
  readonly text: string;
  readonly optional: boolean;
}

interface Route {
  readonly function: HostedFunction;
  readonly methods: ReadonlySet<string>;
  readonly segments: readonly Segment[];
}

/** Parts of the path that Azure's host keeps for itself. */
const reserved = new Set(['admin', 'runtime', 'durabletask']);

/** Matches requests to HTTP triggers by method and route template, the more literal template first. */
export class HttpRoutes {
  readonly #routes: Route[];

  constructor(functions: readonly HostedFunction[], routePrefix: string) {
    this.#routes = functions
      .filter((candidate) => candidate.kind === 'http')
      .map((candidate) => compile(candidate, routePrefix))
      .sort(bySpecificity);
  }

  /** @param path the path of the URL, still encoded, beginning with a slash */
  match(method: string, path: string): RouteMatch | undefined {
    const parts = path.split('/').slice(1);
    if (parts.at(-1) === '') parts.pop();
    for (const route of this.#routes) {
      if (!route.methods.has(method)) continue;
      const params = matchSegments(route.segments, parts);
      if (params !== undefined) return { function: route.function, params };
    }
    return undefined;
  }
}

function compile(hosted: HostedFunction, routePrefix: string): Route {
  const { route, methods } = hosted.trigger as { route?: unknown; methods?: unknown };
  const template = [routePrefix, typeof route === 'string' ? route : hosted.name].filter(Boolean).join('/');
  const segments = template
    .split('/')
    .filter(Boolean)
    .map((text) => compileSegment(text, hosted.name));
  const first = segments[0];
  if (first?.kind === 'literal' && reserved.has(first.text)) {
    throw bad(hosted.name, `the route "${template}" begins with a part the host keeps for itself`);
  }
  if (segments.some((segment, index) => segment.kind === 'catch-all' && index < segments.length - 1)) {
    throw bad(hosted.name, 'a catch-all must be the last part of a route');
  }
  const list = Array.isArray(methods) && methods.length > 0 ? methods : ['GET', 'POST'];
  return { function: hosted, methods: new Set(list.map((method) => String(method).toUpperCase())), segments };
}

function compileSegment(text: string, functionName: string): Segment {
  if (!text.includes('{')) return { kind: 'literal', text: text.toLowerCase(), optional: false };
  const match = /^\{(\*{0,2})([A-Za-z_]\w*)(\??)\}$/.exec(text);
  if (match === null) {
    throw bad(
      functionName,
      `the local host does not do the route part "${text}" (constraints, defaults, mixtures)`,
    );
  }
  const [, stars = '', name = '', mark = ''] = match;
  return {
    kind: stars === '' ? 'parameter' : 'catch-all',
    text: name,
    optional: mark === '?' || stars !== '',
  };
}

function bad(functionName: string, what: string): Failure {
  return new Failure('terminal', 'bad-route', `Function "${functionName}": ${what}.`);
}

function matchSegments(
  segments: readonly Segment[],
  parts: readonly string[],
): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    if (segment.kind === 'catch-all') {
      const rest = decode(parts.slice(index));
      if (rest === undefined) return undefined;
      if (rest.length > 0) params[segment.text] = rest.join('/');
      return params;
    }
    const [part] = decode(parts.slice(index, index + 1)) ?? [];
    if (part === undefined || part === '') {
      if (segment.optional && index >= parts.length) continue;
      return undefined;
    }
    if (segment.kind === 'parameter') params[segment.text] = part;
    else if (part.toLowerCase() !== segment.text) return undefined;
  }
  return parts.length > segments.length ? undefined : params;
}

function decode(parts: readonly string[]): string[] | undefined {
  try {
    return parts.map(decodeURIComponent);
  } catch {
    // A malformed escape matches no route.
    return undefined;
  }
}

const ranks = { literal: 0, parameter: 1, 'catch-all': 2 } as const;

function bySpecificity(a: Route, b: Route): number {
  const length = Math.max(a.segments.length, b.segments.length);
  for (let index = 0; index < length; index++) {
    const left = a.segments[index];
    const right = b.segments[index];
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
    if (left.kind !== right.kind) return ranks[left.kind] - ranks[right.kind];
  }
  return 0;
}
