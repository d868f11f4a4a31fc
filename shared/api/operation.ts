import type { Context } from 'hono';
import type { z } from 'zod';
import type { Role } from '../access/roles.ts';
import type { Services } from '../services.ts';
import type { ApiBindings, ApiEnvironment } from './environment.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** One answer that an operation gives when all is well; errors are `application/problem+json` everywhere. */
export interface Answer {
  readonly description: string;
  /** Of a JSON body. */
  readonly schema?: z.ZodType;
  /** Of a body that is not JSON, or of JSON that no schema describes. */
  readonly contentType?: string;
  /** Of bodies that it gives in place of JSON where they are asked for. */
  readonly otherTypes?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** A body that is not JSON: taken as bytes. */
export interface RawBody {
  readonly contentType: string;
  readonly mostBytes: number;
}

type Shape = z.ZodObject | undefined;
type Output<T> = T extends z.ZodType ? z.output<T> : undefined;

/** What a handler is given: everything is checked by then. */
export interface Asked<P extends Shape, Q extends Shape, B extends z.ZodType | undefined> {
  readonly context: Context<ApiEnvironment>;
  readonly services: Services;
  readonly bindings: ApiBindings;
  readonly params: Output<P>;
  readonly query: Output<Q>;
  readonly body: Output<B>;
  /** Of a raw body. */
  readonly bytes: Uint8Array;
}

/**
 * One operation of the API: its route, who may ask for it, its schemas and its handler in one place. The routes, the
 * OpenAPI document and the table of roles are all made from the list of these (operations.ts).
 */
export interface OperationSpec<
  P extends Shape = Shape,
  Q extends Shape = Shape,
  B extends z.ZodType | undefined = z.ZodType | undefined,
> {
  /** `operationId`: the method's name in clients that are generated. */
  readonly id: string;
  readonly method: Method;
  /** Below `/api`, with parameters as in OpenAPI: `/runs/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  /** Operations of one tag stand together. */
  readonly tag: string;
  readonly role: Role;
  /** Into the audit log, whoever asks and whatever comes of it. Default: `change` for all but GET. */
  readonly audit?: 'change' | 'download' | 'none';
  /** A POST that would do the same work again takes an `Idempotency-Key`. Default: every POST. */
  readonly idempotent?: boolean;
  /** The change has to name the ETag that it was made from. */
  readonly etag?: 'required';
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** For the document, where `body` leaves the checking to the handler. */
  readonly describedBody?: z.ZodType;
  /** A body may be left out; then it is `{}`. */
  readonly bodyOptional?: boolean;
  /** Default 1 MiB. */
  readonly mostBytes?: number;
  readonly rawBody?: RawBody;
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  handle(asked: Asked<P, Q, B>): Response | Promise<Response>;
}

/** Any of them, as the list has them. */
export type Operation = Omit<OperationSpec, 'handle'> & {
  // biome-ignore lint/suspicious/noExplicitAny: the schemas of one operation give the type of its own handler only.
  handle(asked: Asked<any, any, any>): Response | Promise<Response>;
};

export function operation<
  P extends Shape = undefined,
  Q extends Shape = undefined,
  B extends z.ZodType | undefined = undefined,
>(spec: OperationSpec<P, Q, B>): Operation {
  return spec as Operation;
}

/** Whether a repeat with the same `Idempotency-Key` is answered as the first was. */
export function isIdempotent({ method, idempotent }: Operation): boolean {
  return idempotent ?? method === 'post';
}
