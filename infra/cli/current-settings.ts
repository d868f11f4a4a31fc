import { type ApiClient, parsed } from './api-client.ts';

/** The settings as they are, and the header under which they may be changed. */
export async function currentSettings(
  client: ApiClient,
): Promise<{ readonly settings: unknown; readonly condition: Record<string, string> }> {
  const response = await client.ask('GET', '/settings');
  const etag = response.headers.get('etag');
  const condition = etag === null ? { 'if-none-match': '*' } : { 'if-match': etag };
  return { settings: await parsed(response), condition };
}
