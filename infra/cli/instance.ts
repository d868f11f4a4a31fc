import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TokenCredential } from '@azure/identity';
import { readAddress } from '../local/api-address.ts';
import { CliError, UsageError } from './command.ts';

/** Options of every command that talks to an instance. */
export const instanceOptions = {
  url: { type: 'string' },
  'app-id': { type: 'string' },
  'token-file': { type: 'string' },
  data: { type: 'string' },
} as const;

export const instanceUsage = `Instance (default: the one that runs on this machine with the folder data):
  --data DIR         one that runs on this machine, by its folder
  --url URL          one anywhere, https://NAME.azurewebsites.net (INTEGRATION_CLIENT_URL)
  --token-file FILE  its token (or the token itself in INTEGRATION_CLIENT_TOKEN); without either, the account that
                     is signed in with az, azd or the environment is taken
  --app-id ID        client id of the Entra application that its tokens are for (INTEGRATION_CLIENT_APP_ID)
`;

export interface InstanceOptions {
  readonly url?: string | undefined;
  readonly 'app-id'?: string | undefined;
  readonly 'token-file'?: string | undefined;
  readonly data?: string | undefined;
}

export interface Instance {
  /** Without `/api` and without a slash at the end. */
  readonly address: string;
  /** For messages: how to start it. */
  readonly local: boolean;
  /** Asked for with every request, since a token that was read before may have ended. */
  token(): Promise<string>;
}

export function findInstance(options: InstanceOptions, environment: NodeJS.ProcessEnv): Instance {
  const tokenFile = options['token-file'];
  const url = options.url ?? (options.data === undefined ? environment.INTEGRATION_CLIENT_URL : undefined);
  if (url !== undefined) {
    if (options.data !== undefined) throw new UsageError('Give --url or --data, not both.');
    const address = addressOf(url);
    return { address, local: false, token: tokenOfRemote(options, environment, tokenFile) };
  }
  const folder = resolve(options.data ?? 'data');
  const address = readAddress(folder);
  if (address === undefined) throw new CliError(2, notRunning(folder));
  const file = tokenFile ?? join(folder, 'api-token');
  return { address, local: true, token: async () => readToken(file) };
}

function notRunning(folder: string): string {
  return `No instance runs with the folder ${folder}; start one with npm start -- --data ${folder}, or name another with --url or --data.`;
}

/** HTTPS, but for this machine: tokens go along. */
export function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new UsageError('--url: give an address like https://NAME.azurewebsites.net.');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new UsageError('--url: give the address alone, without a user, a key or anything after ? or #.');
  const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'http:' && !loopback)
    throw new UsageError(`--url ${url.origin}: use https://; a token would be sent in the clear.`);
  const path = url.pathname.replace(/\/+$/, '').replace(/\/api$/, '');
  return `${url.origin}${path}`;
}

function tokenOfRemote(
  options: InstanceOptions,
  environment: NodeJS.ProcessEnv,
  tokenFile: string | undefined,
): () => Promise<string> {
  if (tokenFile !== undefined) return async () => readToken(tokenFile);
  const given = environment.INTEGRATION_CLIENT_TOKEN;
  if (given) return async () => given.trim();
  const appId = options['app-id'] ?? environment.INTEGRATION_CLIENT_APP_ID;
  // It becomes part of a scope.
  if (appId !== undefined && !/^[A-Za-z0-9-]{1,64}$/.test(appId))
    throw new UsageError(`--app-id ${appId}: give the client id of the application, a GUID.`);
  if (appId === undefined)
    throw new UsageError(
      'Give a token (--token-file FILE, or INTEGRATION_CLIENT_TOKEN), or --app-id ID to sign in with the account of az or azd.',
    );
  return entraToken(appId);
}

type Credential = Pick<TokenCredential, 'getToken'>;

/** Of the account that is signed in. The library keeps a token until shortly before its end. */
export function entraToken(
  appId: string,
  open: () => Promise<Credential> = async () =>
    new (await import('@azure/identity')).DefaultAzureCredential(),
): () => Promise<string> {
  let credential: Promise<Credential> | undefined;
  return async () => {
    credential ??= open();
    let why = '';
    try {
      const found = await (await credential).getToken(`api://${appId}/.default`);
      if (found) return found.token;
    } catch (error) {
      why = ` ${(error as Error).message.split('\n', 1)[0]}`;
    }
    throw new CliError(2, `No token for api://${appId}.${why} Sign in with az login or azd auth login.`);
  };
}

function readToken(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliError(
      2,
      `The token cannot be read from ${file}: ${code === 'ENOENT' ? 'no such file' : code}.`,
    );
  }
  if (!/^[\x21-\x7e]+$/.test(text)) throw new CliError(2, `${file} does not hold a token.`);
  return text;
}
