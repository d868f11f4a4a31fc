/** What an appliance posts (API guide, appendix: API Approval Request). */
export interface PostedRequest {
  /** Opaque, at most 255 characters; whoever has it can answer the request. */
  readonly requestId: string;
  readonly ticketId: string;
  /** `jump_item.…` and `user.…` as they came, custom fields among them. */
  readonly fields: Readonly<Record<string, string>>;
}

const MOST_ID = 255;
const MOST_TICKET = 1000;
const MOST_FIELDS = 200;
const MOST_VALUE = 2000;

/**
 * Reads the form. `undefined`: it is none of an appliance's, since it has no request_id or ticket_id that could be one.
 * Fields that no source names are left out, long values are cut.
 */
export function readPostedRequest(body: string): PostedRequest | undefined {
  const form = new URLSearchParams(body);
  const requestId = form.get('request_id') ?? '';
  const ticketId = form.get('ticket_id');
  if (requestId === '' || [...requestId].length > MOST_ID || ticketId === null) return undefined;
  if (ticketId.length > MOST_TICKET) return undefined;
  const fields = [...form]
    .filter(([name]) => /^(jump_item|user)\.[\w.-]{1,255}$/.test(name))
    .slice(0, MOST_FIELDS)
    .map(([name, value]) => [name, value.slice(0, MOST_VALUE)] as const);
  return { requestId, ticketId, fields: Object.fromEntries(fields) };
}
