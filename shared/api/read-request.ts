import type { z } from 'zod';
import { Failure } from '../errors.ts';
import { plainIssues } from '../settings/plain-issues.ts';
import { describeIssues } from '../settings/settings-store.ts';
import { faultsOf } from './field-faults.ts';
import { badRequest } from './problem.ts';

const MOST_BYTES = 1024 * 1024;
/** No document of ours comes near it; what is deeper is meant to hurt. */
const MOST_DEPTH = 40;

/** What was sent against its schema: faults name the fields. `where`: `Query`, `Body` or `Path`. */
export function checked<T extends z.ZodType>(where: string, schema: T, input: unknown): z.output<T> {
  const result = schema.safeParse(input, { error: plainIssues });
  if (result.success) return result.data;
  throw badRequest(`${where}: ${describeIssues(result.error)}`, faultsOf(result.error));
}

/** The query with each name once. */
export function queryOf(url: string): Record<string, string> {
  // Without a prototype: a name like __proto__ is one that is not known, and is kept to be refused.
  const found: Record<string, string> = Object.create(null);
  for (const [name, value] of new URL(url).searchParams) {
    if (Object.hasOwn(found, name))
      throw badRequest(`Query: ${name.slice(0, 40)}: give it once.`, [
        { field: name.slice(0, 40), message: 'give it once' },
      ]);
    found[name] = value;
  }
  return found;
}

export async function bytesOf(request: Request, mostBytes = MOST_BYTES): Promise<Uint8Array> {
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > mostBytes) throw tooLarge(mostBytes);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  if (request.body)
    for await (const part of request.body as unknown as AsyncIterable<Uint8Array>) {
      bytes += part.length;
      if (bytes > mostBytes) throw tooLarge(mostBytes);
      parts.push(part);
    }
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
}

/** JSON in UTF-8. */
export function jsonOf(request: Request, bytes: Uint8Array): unknown {
  const type = request.headers.get('content-type');
  // Many tools say nothing of a body's type.
  if (type !== null && !/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type))
    throw wrongType(`send application/json, not ${type.slice(0, 80)}`);
  const charset = /charset\s*=\s*"?([\w-]+)/i.exec(type ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset))
    throw wrongType(`send it in UTF-8, not in ${charset.slice(0, 40)}`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw badRequest('Body: is not UTF-8.');
  }
  // Before it is parsed: the parser would go as deep as it is told to.
  if (depthOf(text) > MOST_DEPTH) throw badRequest(`Body: is nested more than ${MOST_DEPTH} deep.`);
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest('The body is not JSON.');
  }
}

function depthOf(text: string): number {
  let depth = 0;
  let most = 0;
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text.charCodeAt(at);
    if (inText) {
      if (sign === 0x5c) at++;
      else if (sign === 0x22) inText = false;
    } else if (sign === 0x22) inText = true;
    else if (sign === 0x7b || sign === 0x5b) most = Math.max(most, ++depth);
    else if (sign === 0x7d || sign === 0x5d) depth--;
  }
  return most;
}

function wrongType(message: string): Failure {
  return new Failure('terminal', 'wrong-content-type', `Body: ${message}.`);
}

function tooLarge(mostBytes: number): Failure {
  return new Failure('terminal', 'body-too-large', `Body: at most ${mostBytes} bytes.`);
}
