import type { Context, Hono } from 'hono';
import { mayAs } from '../access/roles.ts';
import { Failure } from '../errors.ts';
import { auditedAnswer, auditRefusal } from './audit-work.ts';
import type { ApiEnvironment } from './environment.ts';
import { withIdempotency } from './idempotency.ts';
import type { Operation } from './operation.ts';
import { badRequest, problemResponse } from './problem.ts';
import { bytesOf, checked, jsonOf, queryOf } from './read-request.ts';

/** Makes the route of an operation: who asks and whether they may comes before anything that they sent is looked at. */
export function mountOperation(api: Hono<ApiEnvironment>, operation: Operation): void {
  api.on(operation.method.toUpperCase(), routeOf(operation), async (context) => {
    await authorize(context, operation);
    const asked = await askedOf(context, operation);
    return withIdempotency(context, operation, asked.bytes, () =>
      auditedAnswer(context, operation, () => operation.handle(asked)),
    );
  });
}

/** After all of them: an address of theirs with a method that it does not have is 405, with those that it has. */
export function refuseOtherMethods(api: Hono<ApiEnvironment>, operations: readonly Operation[]): void {
  for (const [path, there] of Map.groupBy(operations, routeOf)) {
    const methods = there.map(({ method }) => method.toUpperCase());
    const allow = (methods.includes('GET') ? [...methods, 'HEAD'] : methods).join(', ');
    api.all(path, () => {
      const title = `This address has ${allow} only.`;
      const answer = problemResponse({ status: 405, code: 'wrong-method', title });
      answer.headers.set('allow', allow);
      return answer;
    });
  }
}

const routeOf = ({ path }: Operation) => path.replaceAll(/\{(\w+)\}/g, ':$1');

/** Throws `Failure` `unauthenticated` or `forbidden`; the second is entered into the audit log. */
async function authorize(context: Context<ApiEnvironment>, operation: Operation): Promise<void> {
  const principal = await context.env.authenticate(context.req.raw.headers);
  context.set('principal', principal);
  if (mayAs(principal.roles, operation.role)) return;
  await auditRefusal(context, operation);
  const has = principal.roles.length === 0 ? 'has no role here' : `has ${principal.roles.join(', ')}`;
  throw new Failure(
    'terminal',
    'forbidden',
    `This asks for the role ${operation.role}, and ${principal.name} ${has}. Roles are given in Microsoft Entra ID, at the users and groups of the application; then get a new token.`,
  );
}

async function askedOf(context: Context<ApiEnvironment>, operation: Operation) {
  const { params, query, body, rawBody, bodyOptional, mostBytes } = operation;
  const sent = queryOf(context.req.url);
  if (!query && Object.keys(sent).length > 0) throw unknownQuery(Object.keys(sent)[0] ?? '');
  const bytes =
    body || rawBody ? await bytesOf(context.req.raw, rawBody?.mostBytes ?? mostBytes) : new Uint8Array();
  return {
    context,
    services: context.env.services,
    bindings: context.env,
    params: params && checked('Path', params, context.req.param()),
    query: query && checked('Query', query, sent),
    body:
      body && checked('Body', body, bodyOptional && bytes.length === 0 ? {} : jsonOf(context.req.raw, bytes)),
    bytes,
  };
}

function unknownQuery(name: string): Failure {
  const field = name.slice(0, 40);
  return badRequest(`Query: ${field}: is not known here.`, [{ field, message: 'is not known here' }]);
}
