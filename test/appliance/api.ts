import { mayBackUp, mayCommand, mayReport } from './accounts.ts';
import type { Backups } from './backups.ts';
import { clientScript } from './commands/client-script.ts';
import { endpointApproval } from './commands/endpoint-approval.ts';
import { commandReply } from './commands/index.ts';
import {
  deniedReply,
  errorReply,
  htmlReply,
  jsonReply,
  notFoundReply,
  type Reply,
  textReply,
  xmlType,
} from './reply.ts';
import { reportingSchema } from './reporting-schema.ts';
import { reportReply } from './reports.ts';
import type { ApiRequest } from './request.ts';
import type { ApiAccount } from './simulated-appliance.ts';
import type { Tokens } from './tokens.ts';
import type { World } from './world.ts';

/** What is asked for. `request` is the name in the log, `category` what a fault may name besides. */
export interface Route {
  readonly request: string;
  readonly category: string;
}

export function routeOf({ path, parameters }: ApiRequest): Route {
  switch (path) {
    case '/oauth2/token':
      return { request: 'token', category: 'token' };
    case '/check_health':
      return { request: 'health', category: 'health' };
    case '/api/reporting.xsd':
      return { request: 'schema', category: 'schema' };
    case '/api/command':
    case '/api/command.ns':
      return { request: `command:${parameters.action ?? ''}`, category: 'command' };
    case '/api/reporting':
    case '/api/reporting.ns':
      return { request: parameters.generate_report ?? 'reporting', category: 'reporting' };
    case '/api/backup':
    case '/api/backup.ns':
      return { request: 'backup', category: 'backup' };
    case '/api/client_script':
      return { request: 'client_script', category: 'client-script' };
    case '/api/endpoint_approval':
      return { request: 'endpoint_approval', category: 'approval' };
    default:
      return { request: path, category: 'unknown' };
  }
}

export interface Api {
  reply(request: ApiRequest, route: Route): Reply;
  /** Ends all tokens of the account that sent this request. */
  evictTokens(request: ApiRequest): void;
}

export function createApi(world: World, tokens: Tokens, backups: Backups): Api {
  const { settings, clock } = world;

  const bearer = ({ authorization }: ApiRequest) => /^bearer +(\S+)$/i.exec(authorization)?.[1];

  function issueToken(request: ApiRequest): Reply {
    if (request.method !== 'POST') return htmlReply(405, 'Method Not Allowed', 'Use POST.');
    const account = basicAccount(settings.accounts, request.authorization);
    if (!account) return deniedReply();
    const form = request.bodyType === 'application/x-www-form-urlencoded';
    if (!form || request.parameters.grant_type !== 'client_credentials') {
      return jsonReply(400, { error: 'unsupported_grant_type', message: 'The grant type is not supported.' });
    }
    const token = tokens.issue(account.id, clock.now(), settings.tokenSeconds);
    return jsonReply(200, { access_token: token, token_type: 'Bearer', expires_in: settings.tokenSeconds });
  }

  /** The account, or the refusal. Paths in `.ns` take a user's name and password, the others a token. */
  function authenticate(request: ApiRequest): { readonly account: ApiAccount } | { readonly refusal: Reply } {
    if (request.path.endsWith('.ns')) {
      const { username, password } = request.parameters;
      const account = settings.accounts.find(
        ({ kind, id, secret }) => kind === 'legacy' && id === username && secret === password,
      );
      return account ? { account } : { refusal: errorReply('', 'Login failed') };
    }
    const id = tokens.accountOf(bearer(request) ?? '', clock.now());
    const account = settings.accounts.find((known) => known.kind === 'oauth' && known.id === id);
    return account ? { account } : { refusal: deniedReply() };
  }

  function reply(request: ApiRequest, { category }: Route): Reply {
    if (category === 'unknown') return notFoundReply();
    if (request.method !== 'GET' && request.method !== 'POST') {
      return htmlReply(405, 'Method Not Allowed', 'Use GET or POST.');
    }
    switch (category) {
      case 'token':
        return issueToken(request);
      case 'health':
        return htmlReply(200, 'Health check', 'The appliance is healthy.');
      case 'schema':
        return textReply(200, xmlType, reportingSchema(settings.namespace));
      case 'client-script':
        return clientScript(world, request.query);
      case 'approval':
        return endpointApproval(world, request);
    }
    const login = authenticate(request);
    if ('refusal' in login) return login.refusal;
    const json = category === 'backup' && request.bodyType === 'application/json';
    if (!json && !['', 'application/x-www-form-urlencoded'].includes(request.bodyType)) {
      return htmlReply(
        415,
        'Unsupported Media Type',
        'Send parameters as application/x-www-form-urlencoded.',
      );
    }
    const { product } = settings;
    switch (category) {
      case 'command':
        return mayCommand(product, login.account)
          ? commandReply(world, login.account, request.parameters)
          : notFoundReply();
      case 'reporting':
        return mayReport(product, login.account, request.parameters.generate_report ?? '')
          ? reportReply(world, request.parameters)
          : notFoundReply();
      default:
        return mayBackUp(product, login.account) ? backup(request, json) : notFoundReply();
    }
  }

  function backup(request: ApiRequest, json: boolean): Reply {
    if (!json) return backups.next(undefined);
    const password = jsonPassword(request.body);
    return password === undefined
      ? htmlReply(400, 'Bad Request', 'The body is not {"password": "…"}.')
      : backups.next(password);
  }

  return {
    reply,
    evictTokens(request) {
      const id = tokens.accountOf(bearer(request) ?? '', clock.now());
      if (id !== undefined) tokens.evictAll(id);
    },
  };
}

/** RFC 7617: the id and secret, both without further encoding, joined by the first colon. */
function basicAccount(accounts: readonly ApiAccount[], authorization: string): ApiAccount | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=]+)$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, 'base64').toString();
  return accounts.find(({ kind, id, secret }) => kind === 'oauth' && pair === `${id}:${secret}`);
}

function jsonPassword(body: string): string | undefined {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== 'object' || value === null || !('password' in value)) return undefined;
    return typeof value.password === 'string' ? value.password : undefined;
  } catch {
    return undefined;
  }
}
