import { Failure } from '../errors.ts';

/** RFC 9457. `title` is one line: what is wrong, where, what to do. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
}

/** Statuses of failures by code; what is not named is 502 when it lies outside, 500 when it is our own. */
const statuses: Readonly<Record<string, number>> = {
  'bad-request': 400,
  'bad-settings': 400,
  'bad-setting': 400,
  'not-found': 404,
  'unknown-site': 404,
  'unknown-destination': 404,
  'settings-changed': 412,
  'etag-missing': 428,
  'settings-too-large': 413,
  'run-too-large': 413,
  'run-going': 409,
  'secrets-read-only': 409,
  'secret-overridden': 409,
  'secret-deleted': 409,
  'bad-secret': 400,
  'disk-full': 507,
  'start-failed': 503,
  'setting-missing': 500,
  'setting-malformed': 500,
};

export function problemOf(error: unknown): Problem {
  if (error instanceof Failure)
    return { status: statuses[error.code] ?? 502, code: error.code, title: error.message };
  return { status: 500, code: 'internal', title: 'An unexpected error; the log has the details.' };
}

export function problemResponse({ status, code, title }: Problem): Response {
  return new Response(JSON.stringify({ type: 'about:blank', title, status, code }), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  });
}

export function badRequest(message: string): Failure {
  return new Failure('terminal', 'bad-request', message);
}

export function notFound(message: string): Failure {
  return new Failure('terminal', 'not-found', message);
}
