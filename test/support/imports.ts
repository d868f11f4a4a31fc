import { createHash } from 'node:crypto';
import { strToU8, zipSync } from 'fflate';
import type { Run } from '../../shared/runs/run.ts';
import { loadSettings } from '../../shared/settings/settings-store.ts';
import { apiHeaders, type Installation } from './installation.ts';
import { lsidOf, newYear, sessionXml } from './workbench.ts';

/** Where an API is. */
export interface Reachable {
  readonly stack: { readonly host: { readonly url: string } };
}

export interface Answer<T> {
  readonly status: number;
  readonly body: T & { readonly title?: string; readonly code?: string };
}

export interface ShownImport {
  readonly id: string;
  readonly parts: number;
  readonly received: number;
  readonly missing: readonly number[];
  readonly state: string;
  readonly run?: Run;
}

export async function callApi<T>(
  { stack }: Reachable,
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Answer<T>> {
  const raw = body instanceof Uint8Array;
  const type = raw ? 'application/octet-stream' : 'application/json';
  const answer = await fetch(`${stack.host.url}/api${path}`, {
    method,
    headers: { ...apiHeaders, ...(body === undefined ? {} : { 'content-type': type }), ...headers },
    ...(body === undefined ? {} : { body: raw ? Buffer.from(body) : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Answer<T>['body'] };
}

export function digest(bytes: Uint8Array): Record<string, string> {
  return { 'content-digest': `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:` };
}

export interface Sending {
  readonly name?: string;
  readonly kind?: 'xml' | 'zip';
  readonly partBytes?: number;
}

/** Announces a file and sends its parts. Resolves to its id. */
export async function sendImport(
  installation: Reachable,
  bytes: Uint8Array,
  { name = 'sessions.xml', kind, partBytes = 64 * 1024 }: Sending = {},
): Promise<string> {
  const { status, body } = await callApi<ShownImport>(installation, 'POST', '/imports', {
    name,
    size: bytes.length,
    partBytes,
    ...(kind === undefined ? {} : { kind }),
  });
  if (status !== 201) throw new Error(JSON.stringify(body));
  for (const part of body.missing) await sendPart(installation, body.id, bytes, part, partBytes);
  return body.id;
}

export async function sendPart(
  installation: Reachable,
  id: string,
  bytes: Uint8Array,
  part: number,
  partBytes: number,
): Promise<number> {
  const slice = bytes.subarray((part - 1) * partBytes, part * partBytes);
  const path = `/imports/${id}/parts/${part}`;
  return (await callApi(installation, 'PUT', path, slice, digest(slice))).status;
}

/** Loads it and waits for the end. */
export async function loadImport(
  installation: Pick<Installation, 'stack'>,
  id: string,
  body: object,
): Promise<Run> {
  const started = await callApi<Run>(installation, 'POST', `/imports/${id}/start`, body);
  if (started.status !== 202) throw new Error(JSON.stringify(started.body));
  await installation.stack.host.idle();
  return (await callApi<Run>(installation, 'GET', `/runs/${started.body.id}`)).body;
}

/** The session report as the appliance sends it. */
export async function reportOf(installation: Installation, siteId = 'support'): Promise<Buffer> {
  const { services, began } = installation;
  const { settings } = await loadSettings(services.state);
  const site = settings.sites.find(({ id }) => id === siteId);
  if (!site) throw new Error(`no site ${siteId}`);
  const window = { from: began - 100 * 3600, to: began + 100 * 3600 };
  const body = await services.appliance(site).sessionReport({ by: 'start_time', ...window });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body?.chunks ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The sessions of a report, as they stand in it, and what stands around them. */
export function sessionsIn(report: Buffer): { readonly head: string; readonly sessions: string[] } {
  const text = report.toString();
  const sessions = text.match(/<session [\s\S]*?<\/session>/g) ?? [];
  return { head: text.slice(0, text.indexOf('<session ')), sessions };
}

export function reportWith(head: string, sessions: readonly string[]): Buffer {
  return Buffer.from(`${head}${sessions.join('\n')}</session_list>`);
}

/** Each file has a root of its own, so that each becomes a slice. Not compressed, so that it has several parts. */
export function zipOfReports(files: number, sessionsAFile: number): Uint8Array {
  const text = (file: number) => {
    const sessions = Array.from({ length: sessionsAFile }, (_, index) => {
      const number = file * sessionsAFile + index;
      return sessionXml(lsidOf(number), { start: newYear + number, end: newYear + number + 60 });
    });
    return strToU8(`<session_list xmlns="urn:x" file="${file}">${sessions.join('')}</session_list>`);
  };
  const all = Array.from({ length: files }, (_, file) => [`${file}.xml`, text(file)] as const);
  return zipSync(Object.fromEntries(all), { level: 0 });
}
