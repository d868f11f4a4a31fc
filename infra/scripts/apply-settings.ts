/** What the document may name as `${NAME}`: outputs of the template, so that one document serves every installation. */
const NAMES = [
  'DATA_BLOB_URL',
  'DATA_FILE_URL',
  'SQL_SERVER_HOST',
  'SQL_DATABASE',
  'IDENTITY_CLIENT_ID',
] as const;

/** Puts values in place of `${NAME}`. Throws an Error that names one that is unknown or has no value. */
export function fillSettings(text: string, environment: NodeJS.ProcessEnv): unknown {
  const filled = text.replaceAll(/\$\{([A-Z_]+)\}/g, (_, name: string) => {
    const value = (NAMES as readonly string[]).includes(name) ? environment[name] : undefined;
    if (value) return JSON.stringify(value).slice(1, -1);
    throw new Error(`The settings name \${${name}}, which has no value; there are ${NAMES.join(', ')}.`);
  });
  try {
    return JSON.parse(filled);
  } catch (error) {
    throw new Error(`The settings are not JSON: ${(error as Error).message}.`);
  }
}

/**
 * Saves sites, destinations and schedules through the settings API. Resolves to `unchanged` when they are there
 * already. Throws an Error with the API's own word on what is wrong.
 */
export async function applySettings(
  url: string,
  headers: Readonly<Record<string, string>>,
  settings: unknown,
  ask: typeof fetch = fetch,
): Promise<'saved' | 'unchanged'> {
  const address = `${url}/api/settings`;
  const current = await ask(address, { headers });
  if (!current.ok) throw new Error(await refusal(current));
  const etag = current.headers.get('etag');
  const before = JSON.stringify(await current.json());
  const saved = await ask(address, {
    method: 'PUT',
    headers: {
      ...headers,
      'content-type': 'application/json',
      ...(etag === null ? { 'if-none-match': '*' } : { 'if-match': etag }),
    },
    body: JSON.stringify(settings),
  });
  if (!saved.ok) throw new Error(await refusal(saved));
  return JSON.stringify(await saved.json()) === before ? 'unchanged' : 'saved';
}

async function refusal(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { title } = JSON.parse(text) as { title?: string };
    if (title) return `HTTP ${response.status}: ${title}`;
  } catch {
    // Not one of the API's own answers: the host's or a proxy's, whose text says little.
  }
  return `HTTP ${response.status} from ${new URL(response.url || 'http://api').host}; is the app deployed and running?`;
}
