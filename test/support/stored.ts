import { isDeepStrictEqual } from 'node:util';
import type { FileEvidence } from '../../shared/destinations/destination.ts';
import { listCatalogItems } from '../../shared/destinations/file/catalog.ts';
import type { SessionTruth } from '../appliance/simulated-appliance.ts';
import type { Installation } from './installation.ts';
import { type FileOnDisk, filesIn, readDocument, sha256 } from './job.ts';
import { readSqlContent, sessionInSql } from './sql-truth.ts';

/** The settings' default: a session without an end counts as abnormally closed after this. */
const OPEN_SESSION_HOURS = 72;

/** What a destination lacks, has wrong, or should not have. Nothing of a fault may ever be `wrong` or `strange`. */
export interface Differences {
  readonly missing: string[];
  readonly wrong: string[];
  readonly strange: string[];
}

export const none: Differences = { missing: [], wrong: [], strange: [] };

export interface Comparison {
  readonly openSessionHours?: number;
  /** Leave recordings out. */
  readonly documentsOnly?: boolean;
  /** Sessions that began before this are not expected: the transfer began here. Unix seconds. */
  readonly endedFrom?: number;
}

/** A folder against what the seed says: every final session's XML as it was sent, every recording, nothing else but backups. */
export async function folderDifferences(
  installation: Installation,
  directory = installation.data.files,
  comparison: Comparison = {},
): Promise<Differences> {
  const files = filesIn(directory);
  const differences: Differences = { missing: [], wrong: [], strange: [] };
  const expected = new Set<string>();
  const judge = (name: string, isRight: boolean | undefined) => {
    expected.add(name);
    if (isRight === undefined) differences.missing.push(name);
    else if (!isRight) differences.wrong.push(name);
  };
  for (const [siteId, { clock, truth }] of installation.appliances) {
    const log = installation.sent(siteId);
    const sent = (lsid: string) => new Set(log.map(({ sessions }) => sessions?.get(lsid)));
    for (const one of truth.sessions()) {
      if (!isFinal(one, clock.now(), comparison)) continue;
      const name = `${siteId}.example.com-support-${one.session.lsid}`;
      const document = files.get(`${name}.xml`);
      judge(`${name}.xml`, document && (await isDocument(document, one, sent(one.session.lsid))));
      if (!one.hasRecording || comparison.documentsOnly) continue;
      const recording = files.get(`${name}.flv`);
      judge(
        `${name}.flv`,
        recording && isDeepStrictEqual(sizeAndHash(recording), truth.recording(one.session.lsid)),
      );
    }
  }
  for (const name of files.keys()) if (!expected.has(name) && !isBackup(name)) differences.strange.push(name);
  return differences;
}

function isFinal({ session, state }: SessionTruth, at: number, comparison: Comparison): boolean {
  if ((session.endTime ?? at) < (comparison.endedFrom ?? 0)) return false;
  if (state === 'closed') return true;
  const hours = comparison.openSessionHours ?? OPEN_SESSION_HOURS;
  return at - (session.startTime ?? at) > hours * 3600;
}

export function isBackup(name: string): boolean {
  return /-backup-\d{8}T\d{6}Z\.nsb$/.test(name);
}

/** The bytes of the session as they were sent in one reply, and the session that the seed says. */
async function isDocument(
  file: FileOnDisk,
  truth: SessionTruth,
  sent: ReadonlySet<string | undefined>,
): Promise<boolean> {
  const { bytes } = file;
  const inside = bytes.subarray(bytes.indexOf('<session '), bytes.lastIndexOf('</session>') + 10);
  return sent.has(sha256(inside)) && isDeepStrictEqual(await readDocument(bytes), [truth.session]);
}

export function sizeAndHash(file: FileOnDisk): { readonly size: number; readonly sha256: string } {
  return { size: file.bytes.length, sha256: file.sha256 };
}

/** A database against what the seed says: every session there is now, open ones too, as it is now. */
export function databaseDifferences(
  installation: Installation,
  path = installation.data.sessions,
  comparison: Comparison = {},
): Differences {
  const content = readSqlContent(path);
  const differences: Differences = { missing: [], wrong: [], strange: [] };
  for (const [siteId, { clock, truth }] of installation.appliances) {
    const host = `${siteId}.example.com`;
    const stored = content.sessions(host);
    for (const { session } of truth.sessions()) {
      const row = stored.get(session.lsid);
      stored.delete(session.lsid);
      if ((session.endTime ?? clock.now()) < (comparison.endedFrom ?? 0)) continue;
      if (!row) differences.missing.push(session.lsid);
      else if (!isDeepStrictEqual(row, sessionInSql(session, { host, systemInformation: true })))
        differences.wrong.push(session.lsid);
    }
    differences.strange.push(...stored.keys());
  }
  return differences;
}

/** Name → what proves that the file is whole, of all that is stored there. */
export async function evidence(
  installation: Installation,
  destinationId = 'folder',
): Promise<Map<string, FileEvidence | undefined>> {
  const found = new Map<string, FileEvidence | undefined>();
  for await (const item of listCatalogItems(installation.services.state, destinationId))
    if (item.state === 'stored') found.set(item.name, item.verified);
  return found;
}
