import { setTimeout as pause } from 'node:timers/promises';
import {
  type AccessToken,
  AzureCliCredential,
  AzureDeveloperCliCredential,
  ChainedTokenCredential,
} from '@azure/identity';

export interface AzureReply {
  readonly status: number;
  readonly body: unknown;
}

/** Calls to Azure's own interfaces as whoever runs the script. */
export interface Azure {
  /** A token of another resource: `https://database.windows.net/.default`. */
  token(scope: string): Promise<string>;
  /**
   * Calls Azure Resource Manager (`/subscriptions/…`) or Microsoft Graph (`https://graph.microsoft.com/…`), waits for
   * what takes time there, and gives back the reply.
   * @param accept statuses beside 2xx that are answers, not errors
   * @throws Error with one line: what was asked, the status and Azure's own code and message
   */
  call(
    method: string,
    path: string,
    body?: object,
    accept?: readonly number[],
    headers?: Readonly<Record<string, string>>,
  ): Promise<AzureReply>;
}

const MANAGEMENT = 'https://management.azure.com';
const LONGEST_WAIT = 10 * 60_000;

/** As the account that `azd auth login` or `az login` signed in. */
export function signedInAzure(tenantId: string | undefined): Azure {
  const options = { ...(tenantId ? { tenantId } : {}), processTimeoutInMs: 60_000 };
  const credential = new ChainedTokenCredential(
    new AzureDeveloperCliCredential(options),
    new AzureCliCredential(options),
  );
  return azureRest((scope) => credential.getToken(scope));
}

export function azureRest(
  getToken: (scope: string) => Promise<AccessToken>,
  ask: typeof fetch = fetch,
  wait: (ms: number) => Promise<unknown> = pause,
): Azure {
  const token = async (scope: string) => (await getToken(scope)).token;

  async function send(
    method: string,
    url: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const { origin } = new URL(url);
    return ask(url, {
      method,
      headers: {
        ...headers,
        authorization: `Bearer ${await token(`${origin}/.default`)}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** ARM answers 201 or 202 and says where to ask whether it is done. */
  async function settled(response: Response, what: string): Promise<void> {
    const where = response.headers.get('azure-asyncoperation');
    if (where === null) return;
    for (let waited = 0; waited < LONGEST_WAIT; ) {
      const ms = Number(response.headers.get('retry-after') ?? 5) * 1000;
      await wait(ms);
      waited += ms;
      const reply = (await readJson(await send('GET', where))) as { status?: string; error?: unknown };
      if (reply.status === 'Succeeded') return;
      if (reply.status === 'Failed' || reply.status === 'Canceled')
        throw new Error(`${what}: ${describeError(reply)}`);
    }
    throw new Error(`${what}: still not done after ${LONGEST_WAIT / 60_000} minutes; run this again.`);
  }

  return {
    token,
    async call(method, path, body, accept = [], headers = {}) {
      const url = path.startsWith('/') ? `${MANAGEMENT}${path}` : path;
      const what = `${method} ${new URL(url).pathname}`;
      const response = await send(method, url, body, headers);
      const reply = await readJson(response);
      if (!response.ok && !accept.includes(response.status))
        throw new Error(`${what}: HTTP ${response.status}: ${describeError(reply)}`);
      await settled(response, what);
      return { status: response.status, body: reply };
    },
  };
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    return {};
  }
}

function describeError(reply: unknown): string {
  const { error } = reply as { error?: { code?: string; message?: string } };
  return `${error?.code ?? 'no code'}: ${(error?.message ?? 'no message').split('\n', 1)[0]}`;
}
