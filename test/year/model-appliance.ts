import type {
  Appliance,
  FileDownload,
  ReportBody,
  SessionSelector,
} from '../../shared/appliance/appliance.ts';
import { Failure } from '../../shared/errors.ts';
import { reportXml } from '../support/workbench.ts';
import {
  applianceClock,
  type ClockJump,
  isClosed,
  type ModelSession,
  sessionText,
} from './sessions-model.ts';

/** What the weather does to a request. `cut`: its body ends early, told or untold, after this part of it. */
export type Trouble =
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'cut'; readonly told: boolean; readonly after: number };

export interface ModelApplianceOptions {
  /** As they are by then: more may come, and change. */
  readonly sessions: readonly ModelSession[];
  readonly jumps: readonly ClockJump[];
  /** True time, milliseconds. */
  readonly now: () => number;
  /** Asked at each request; time may pass meanwhile. */
  readonly meet: (request: string) => Trouble | undefined;
}

/** An appliance in memory: what it says is a matter of its sessions, of the true time and of its own clock alone. */
export function modelAppliance({ sessions, jumps, now, meet }: ModelApplianceOptions): Appliance {
  const seconds = () => Math.floor(applianceClock(jumps, now()) / 1000);
  // Numbered from 1 in the order they began.
  const find = (lsid: string) => sessions[Number.parseInt(lsid, 16) - 1];
  let backups = 0;

  const report = async (selector: SessionSelector): Promise<ReportBody | undefined> => {
    const trouble = check(meet('report'));
    const at = now();
    const found = select(sessions, find, selector, at);
    if (found.length === 0) return undefined;
    const text = reportXml(...found.flatMap((session) => sessionText(session, at) ?? []));
    return { chunks: body(Buffer.from(text), trouble) };
  };

  const unused = async (): Promise<never> => {
    throw new Error('this appliance is not asked for that');
  };
  return {
    async info() {
      check(meet('info'));
      const permissions = { perm_reporting: '1', perm_reporting_support: '1', perm_backup: '1' };
      return { product: 'RS', now: seconds(), clock: 'command', apiVersion: '1.24.0', permissions };
    },
    sessionReport: report,
    async *sessionListing(selector) {
      check(meet('listing'));
      const at = now();
      for (const session of select(sessions, find, selector, at))
        yield {
          lsid: session.lsid,
          hasRecording: isClosed(session, at) && !!session.recording,
          externalKey: null,
        };
    },
    async sessionRecording(lsid) {
      const trouble = check(meet('recording'));
      const recording = find(lsid)?.recording;
      if (!recording || recording.readyAt > now())
        throw new Failure('item', 'recording-refused', `The recording of session ${lsid} was not found.`);
      if (recording.expired)
        throw new Failure('item', 'recording-expired', `The recording of session ${lsid} has expired.`);
      return download(recording.content, recording.evidence, trouble);
    },
    async backup() {
      const trouble = check(meet('backup'));
      return download(
        Buffer.from(`backup ${++backups} at ${seconds()}.`.padStart(BACKUP_BYTES, '-')),
        backups % 3 ? 'length' : 'none',
        trouble,
      );
    },
    sessionSummary: unused,
    commandShellRecording: unused,
    showMyScreenRecording: unused,
    userRecording: unused,
    presentationReport: unused,
    presentationListing: unusedRows,
    presentationRecording: unused,
    teamActivity: unused,
    vaultAccountActivity: unused,
    exitSurvey: unused,
    licenseUsage: unused,
    endpointLicenseUsage: unused,
    syslog: unused,
    archiveListing: unused,
    archive: unused,
    jumpItem: unused,
    close: async () => {},
  };
}

// biome-ignore lint/correctness/useYield: it is never asked.
async function* unusedRows(): AsyncGenerator<never> {
  throw new Error('this appliance is not asked for that');
}

function check(trouble: Trouble | undefined): Trouble | undefined {
  if (trouble?.kind === 'refused') throw trouble.failure;
  return trouble;
}

function select(
  sessions: readonly ModelSession[],
  find: (lsid: string) => ModelSession | undefined,
  selector: SessionSelector,
  at: number,
): ModelSession[] {
  if (selector.by === 'lsids')
    return selector.lsids.flatMap((lsid) => {
      const session = find(lsid);
      return session && session.began <= at ? [session] : [];
    });
  const { by, from, to } = selector;
  return sessions.filter((session) => {
    if (session.began > at) return false;
    const stamp =
      by === 'start_time' ? session.startStamp : isClosed(session, at) ? session.endStamp : undefined;
    return stamp !== undefined && stamp >= from && stamp < to;
  });
}

function download(
  content: Buffer,
  kind: 'length' | 'chunked' | 'none',
  trouble: Trouble | undefined,
): FileDownload {
  // A chunked body that ends early is always told.
  const chunks = body(
    content,
    trouble?.kind === 'cut' && kind === 'chunked' ? { ...trouble, told: true } : trouble,
  );
  return { chunks, evidence: kind === 'length' ? { kind, bytes: content.length } : { kind } };
}

async function* body(bytes: Buffer, trouble: Trouble | undefined): AsyncGenerator<Uint8Array> {
  const cut = trouble?.kind === 'cut' ? trouble : undefined;
  const end = cut ? Math.floor(bytes.length * cut.after) : bytes.length;
  for (let at = 0; at < end; at += CHUNK) yield bytes.subarray(at, Math.min(end, at + CHUNK));
  if (cut?.told) throw new Failure('transient', 'truncated', 'The appliance ended the body early.');
}

const CHUNK = 2000;
const BACKUP_BYTES = 5000;
