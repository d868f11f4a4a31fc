import { Failure } from '../errors.ts';
import { deepText } from '../sessions/xml-element.ts';
import { shownWords } from './error-document.ts';
import { parseSmallXml } from './small-xml.ts';
import type { Reply } from './transport.ts';

/** The vendor names none; public clients wait this long after a 429 (observed). */
const RETRY_AFTER_MS = 10_000;

/** What a reply of another status than 200 means, but for 401, which has to do with the token. Reads its body. */
export async function statusFailure(
  reply: Reply,
  where: string,
  what: string,
  notFound?: Failure,
): Promise<Failure> {
  const { status } = reply;
  if (status === 404 && notFound !== undefined) {
    reply.body.drop();
    return notFound;
  }
  const words = await wordsOf(reply);
  const said = words === '' ? '' : `: ${words}`;
  if (status === 401 || status === 403 || status === 404) {
    return new Failure(
      'terminal',
      'no-permission',
      `${where} refused ${what} (${status}${said}): give the API account the permission for it, and check that the XML API is enabled (/login > Management > API Configuration).`,
    );
  }
  if (status === 429) {
    const message = `${where} asks for fewer requests (429); where this stays, lower Requests per second in the site's settings.`;
    return new Failure('transient', 'too-many-requests', message, {
      retryAfterMs: retryAfter(reply) ?? RETRY_AFTER_MS,
    });
  }
  if (status >= 500) {
    const retryAfterMs = retryAfter(reply);
    return new Failure(
      'transient',
      'appliance-unavailable',
      `${where} failed at ${what} (${status}${said}).`,
      retryAfterMs === undefined ? {} : { retryAfterMs },
    );
  }
  return new Failure(
    'transient',
    'unexpected-status',
    `${where} answered ${what} with status ${status}${said}.`,
  );
}

/** Seconds or a date (RFC 9110). */
function retryAfter({ headers }: Reply): number | undefined {
  const value = headers['retry-after'];
  if (value === undefined) return undefined;
  if (/^\d{1,6}$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

async function wordsOf({ body }: Reply): Promise<string> {
  try {
    return documentWords((await body.small(64 * 1024)).toString('utf8'));
  } catch (error) {
    // The status says enough; what the body would add was not to be had.
    if (error instanceof Failure && error.code !== 'cancelled') return '';
    throw error;
  }
}

/** The words of an error document, JSON, XML or HTML, fit to be shown. */
export function documentWords(text: string): string {
  const error = jsonError(text);
  if (error !== undefined) return shownWords(`${error.error} ${error.message}`);
  try {
    return shownWords(deepText(parseSmallXml(text, 'a request')));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return shownWords(plainText(text));
  }
}

/** `{"error": …, "message": …}`, as the token endpoint and refused requests answer (API guide). */
export function jsonError(text: string): { readonly error: string; readonly message: string } | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('error' in value)) return undefined;
  const message =
    'message' in value ? value.message : 'error_description' in value ? value.error_description : '';
  return { error: String(value.error), message: typeof message === 'string' ? message : '' };
}

/** A page's text: good enough to show. Only the start is looked at, since it may be made to be slow. */
function plainText(page: string): string {
  return page
    .slice(0, 8000)
    .replace(/<(script|style|title)\b[\s\S]*?<\/\1\s*>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&nbsp;/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&');
}
