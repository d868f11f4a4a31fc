import { z } from 'zod';
import { Failure } from '../errors.ts';
import { type FieldFault, faultsOf } from './field-faults.ts';

/** RFC 9457. `title` is one line: what is wrong, where, what to do. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  /** What is wrong with which field of the query or the body. */
  readonly errors?: readonly FieldFault[];
}

/** Something asked for in a way that cannot be, with its fields. */
class FaultyFields extends Failure {
  readonly errors: readonly FieldFault[];

  constructor(code: string, message: string, errors: readonly FieldFault[]) {
    super('terminal', code, message);
    this.errors = errors;
  }
}

/** Statuses of failures by code; what is not named is 502 when it lies outside, 500 when it is our own. */
const statuses: Readonly<Record<string, number>> = {
  'bad-request': 400,
  unauthenticated: 401,
  forbidden: 403,
  'body-too-large': 413,
  'wrong-content-type': 415,
  'bad-settings': 400,
  'bad-setting': 400,
  'not-found': 404,
  'unknown-site': 404,
  'unknown-destination': 404,
  'settings-changed': 412,
  'id-taken': 409,
  'first-still-going': 409,
  'answer-not-kept': 409,
  'answer-too-large': 413,
  'key-used': 422,
  'etag-missing': 428,
  'settings-too-large': 413,
  'run-too-large': 413,
  'run-going': 409,
  'import-going': 409,
  'import-incomplete': 409,
  'digest-mismatch': 400,
  'not-a-zip': 422,
  'bad-zip': 422,
  'zip-bomb': 422,
  'bad-import': 422,
  'forecast-too-long': 504,
  'secrets-read-only': 409,
  'secret-overridden': 409,
  'secret-deleted': 409,
  'bad-secret': 400,
  'disk-full': 507,
  'start-failed': 503,
  'entra-keys-unavailable': 503,
  'audit-unavailable': 503,
  'bad-parameter': 400,
  'unknown-session': 404,
  'session-not-active': 409,
  'not-of-this-product': 409,
  'command-refused': 422,
  // No 5xx: a client would send it again by itself, and under its Idempotency-Key it would be done again.
  'outcome-unknown': 409,
  'site-busy': 503,
  'ticket-decided': 409,
  'file-gone': 410,
  'file-missing': 404,
  'file-changed': 409,
  'no-contents': 409,
  'range-required': 400,
  'range-not-satisfiable': 416,
  'part-of-another': 412,
  'setting-missing': 500,
  'setting-malformed': 500,
};

export function problemOf(error: unknown): Problem {
  if (error instanceof Failure) {
    const { code, message: title } = error;
    const errors = fieldsOf(error);
    return { status: statuses[code] ?? 502, code, title, ...(errors.length > 0 ? { errors } : {}) };
  }
  return { status: 500, code: 'internal', title: 'An unexpected error; the log has the details.' };
}

function fieldsOf(error: Failure): readonly FieldFault[] {
  if (error instanceof FaultyFields) return error.errors;
  return error.code === 'bad-settings' && error.cause instanceof z.ZodError ? faultsOf(error.cause) : [];
}

export function problemResponse({ status, code, title, errors }: Problem): Response {
  return new Response(JSON.stringify({ type: 'about:blank', title, status, code, errors }), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    },
  });
}

export function badRequest(message: string, errors: readonly FieldFault[] = []): Failure {
  return new FaultyFields('bad-request', message, errors);
}

/** Saving settings of which one part was sent: fields are named as they stand in that part. */
export async function withoutPrefix<T>(prefix: string, save: () => Promise<T>): Promise<T> {
  try {
    return await save();
  } catch (error) {
    const errors = error instanceof Failure ? fieldsOf(error) : [];
    if (!(error instanceof Failure) || errors.length === 0) throw error;
    const named = errors.map(({ field, message }) => ({
      field: field.startsWith(prefix) ? field.slice(prefix.length) : field,
      message,
    }));
    throw new FaultyFields(error.code, error.message, named);
  }
}

/** About one field. `message` is how a sentence goes on that begins with its name. */
export function badField(field: string, message: string): Failure {
  return badRequest(`${field}: ${message}.`, [{ field, message }]);
}

export function notFound(message: string): Failure {
  return new Failure('terminal', 'not-found', message);
}
