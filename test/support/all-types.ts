import { isDeepStrictEqual } from 'node:util';
import type { TimeWindow } from '../../shared/appliance/appliance.ts';
import {
  readExitSurveys,
  readLicenseUsage,
  readPresentations,
  readTeamActivity,
  readVaultAccountActivity,
} from '../../shared/appliance/reports/index.ts';
import type { Session } from '../../shared/sessions/session.ts';
import { type Bucket, bucketName } from '../../shared/streams/bucket.ts';
import { streams } from '../../shared/streams/index.ts';
import type { StreamId } from '../../shared/streams/stream.ts';
import type { FileTruth, SimulatedAppliance } from '../appliance/simulated-appliance.ts';
import type { FileOnDisk } from './job.ts';
import { readDocument } from './job.ts';
import type { Differences } from './stored.ts';

export const snapshots = ['backup', 'syslog', 'endpoint-license-usage'] as const;
export const bucketStreams: readonly StreamId[] = streams.flatMap(({ id, from }) =>
  from === 'bucket' ? [id] : [],
);

/** All data types of a product. */
export function typesOf(product: 'RS' | 'PRA'): StreamId[] {
  return streams.filter(({ products }) => products.includes(product)).map(({ id }) => id);
}

/** A stored file is what the appliance's truth says. */
type Check = (file: FileOnDisk) => boolean | Promise<boolean>;
export type Expected = Map<string, Check>;

async function* pieces({ bytes }: FileOnDisk): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function rows<T>(report: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of report) all.push(row);
  return all;
}

const is =
  (truth: FileTruth | undefined): Check =>
  ({ bytes, sha256 }) =>
    truth !== undefined && bytes.length === truth.size && sha256 === truth.sha256;

/** What a session has by its truth: document and recordings of every kind. */
export function sessionFiles(appliance: SimulatedAppliance, host: string, session: Session): Expected {
  const { truth } = appliance;
  const { lsid, recordings } = session;
  const base = `${host}-support-${lsid}`;
  const expected: Expected = new Map();
  expected.set(`${base}.xml`, async ({ bytes }) => isDeepStrictEqual(await readDocument(bytes), [session]));
  if (recordings.session) expected.set(`${base}.flv`, is(truth.recording(lsid)));
  for (const number of recordings.commandShell) {
    const instance = String(number);
    expected.set(`${base}.${instance}.flv`, is(truth.otherRecording('command-shell', { lsid, instance })));
    const text = { lsid, instance, format: 'txt' };
    expected.set(`${base}.${instance}.txt`, is(truth.otherRecording('command-shell', text)));
  }
  for (const number of recordings.showMyScreen) {
    const instance = String(number);
    const recording = truth.otherRecording('show-my-screen', { lsid, instance });
    expected.set(`${base}.show-my-screen.${instance}.flv`, is(recording));
  }
  if (recordings.user) expected.set(`${base}.user.flv`, is(truth.otherRecording('user', { lsid })));
  return expected;
}

export function presentationFiles(appliance: SimulatedAppliance, host: string, truth: Session): Expected {
  const { lsid } = truth;
  const expected: Expected = new Map();
  expected.set(`${host}-presentation-${lsid}.xml`, async (file) => {
    const read = (await rows(readPresentations(pieces(file)))).map(({ session }) => session);
    return isDeepStrictEqual(read, [truth]);
  });
  if (truth.recordings.session)
    expected.set(
      `${host}-presentation-${lsid}.flv`,
      is(appliance.truth.otherRecording('presentation', { lsid })),
    );
  return expected;
}

/** What a bucket has by its truth; nothing where the appliance has nothing. */
export function bucketFiles(
  { truth }: SimulatedAppliance,
  host: string,
  stream: StreamId,
  bucket: Bucket,
): Expected {
  const window: TimeWindow = { from: bucket.from, to: bucket.to };
  const expected: Expected = new Map();
  const add = (
    type: string,
    said: readonly unknown[],
    read: (file: FileOnDisk) => AsyncIterable<unknown>,
  ) => {
    if (said.length > 0)
      expected.set(`${host}-${type}-${bucketName(bucket)}.xml`, async (file) =>
        isDeepStrictEqual(await rows(read(file)), said),
      );
  };
  switch (stream) {
    case 'team-activity':
      add(stream, truth.teamActivity(window), (file) => readTeamActivity(pieces(file)));
      break;
    case 'vault-account-activity':
      add(stream, truth.vaultAccountActivity(window), (file) => readVaultAccountActivity(pieces(file)));
      break;
    case 'exit-survey':
      for (const by of ['customer', 'representative'] as const)
        add(`exit-survey-${by}`, truth.exitSurveys(by, window), (file) => readExitSurveys(pieces(file)));
      break;
    case 'license-usage':
      add(stream, truth.licenseUsage({ ...window, groupBy: 'hour' }), (file) =>
        readLicenseUsage(pieces(file)),
      );
      break;
  }
  return expected;
}

/** What is stored against what should be, snapshots apart. */
export async function differences(
  files: ReadonlyMap<string, FileOnDisk>,
  expected: Expected,
): Promise<Differences> {
  const found: Differences = { missing: [], wrong: [], strange: [] };
  for (const [name, check] of expected) {
    const file = files.get(name);
    if (!file) found.missing.push(name);
    else if (!(await check(file))) found.wrong.push(name);
  }
  for (const name of files.keys()) if (!expected.has(name) && !isSnapshot(name)) found.strange.push(name);
  return found;
}

export function isSnapshot(name: string): boolean {
  return /-(backup|syslog|endpoint-license-usage)-\d{8}T\d{6}Z\.(nsb|zip)$/.test(name);
}
