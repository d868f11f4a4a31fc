import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Appliance } from '../../shared/appliance/appliance.ts';
import { Connections } from '../../shared/connections.ts';
import { silentLog } from '../../shared/log.ts';
import type { PullSelection, Run } from '../../shared/runs/run.ts';
import { makePullRun, makeScheduleRun, transfersOf } from '../../shared/schedules/make-run.ts';
import type { Services } from '../../shared/services.ts';
import { environmentSecrets } from '../../shared/settings/secrets.ts';
import type { Settings } from '../../shared/settings/settings.ts';
import { parseSettings } from '../../shared/settings/settings-store.ts';
import type { Site } from '../../shared/settings/site.ts';
import { openFolderStaging } from '../../shared/state/folder-staging.ts';
import { openSqliteState } from '../../shared/state/sqlite-state.ts';
import type { StateStore } from '../../shared/state/state-store.ts';

/** What the steps of a run need, with an appliance that does as the test says, and a clock that stands still. */
export interface Workbench {
  readonly services: Services;
  readonly settings: Settings;
  readonly site: Site;
  /** Our clock, milliseconds; the test moves it. */
  readonly clock: { now: number };
  readonly files: string;
  readonly database: string;
  /** A run of the schedule, due now. */
  scheduleRun(): Promise<Run>;
  pullRun(selection: PullSelection): Promise<Run>;
}

export interface WorkbenchOptions {
  readonly appliance?: Partial<Appliance>;
  readonly site?: Partial<Site>;
  readonly state?: StateStore;
  /** Of the schedule. Default: session data, recordings and backups to the folder, session data to the database. */
  readonly transfers?: readonly unknown[];
  /** More of the folder's settings. */
  readonly folder?: object;
}

/** 2026-01-01. */
export const newYear = Date.UTC(2026, 0, 1) / 1000;

export function makeWorkbench(context: TestContext, options: WorkbenchOptions = {}): Workbench {
  const folder = mkdtempSync(join(tmpdir(), 'workbench-'));
  const files = join(folder, 'files');
  const database = join(folder, 'sessions.db');
  const settings = parseSettings({
    sites: [
      {
        id: 'site',
        name: 'Site',
        host: 'site.example.com',
        account: { kind: 'oauth', clientId: 'client', secret: 'secret' },
        ...options.site,
      },
    ],
    destinations: [
      {
        id: 'folder',
        name: 'Folder',
        plugin: 'file',
        settings: { kind: 'folder', directory: files, ...options.folder },
      },
      { id: 'database', name: 'Database', plugin: 'sql', settings: { kind: 'sqlite', path: database } },
    ],
    schedules: [
      {
        id: 'schedule',
        name: 'Schedule',
        every: { minutes: 1 },
        transfers: options.transfers ?? [
          { site: 'site', destination: 'folder', dataTypes: ['session-data', 'session-recording', 'backup'] },
          { site: 'site', destination: 'database', dataTypes: ['session-data'] },
        ],
      },
    ],
  });
  const state = options.state ?? openSqliteState(':memory:');
  const secrets = environmentSecrets({});
  const connections = new Connections({ state, secrets, log: silentLog });
  const clock = { now: newYear * 1000 };
  const unexpected = () => {
    throw new Error('the test says nothing of this call');
  };
  const appliance: Appliance = {
    info: unexpected,
    sessionReport: unexpected,
    sessionListing: unexpected,
    sessionSummary: unexpected,
    sessionRecording: unexpected,
    commandShellRecording: unexpected,
    showMyScreenRecording: unexpected,
    userRecording: unexpected,
    presentationReport: unexpected,
    presentationListing: unexpected,
    presentationRecording: unexpected,
    teamActivity: unexpected,
    vaultAccountActivity: unexpected,
    exitSurvey: unexpected,
    licenseUsage: unexpected,
    endpointLicenseUsage: unexpected,
    syslog: unexpected,
    archiveListing: unexpected,
    archive: unexpected,
    jumpItem: unexpected,
    backup: unexpected,
    close: async () => {},
    ...options.appliance,
  };
  const services: Services = {
    state,
    staging: openFolderStaging(join(folder, 'staging')),
    secrets,
    log: silentLog,
    now: () => clock.now,
    appliance: () => appliance,
    commands: (site) => connections.commands(site),
    destination: (setting) => connections.destination(setting),
    trial: (given) => connections.trial(given),
    close: async () => {},
  };
  context.after(async () => {
    await connections.close();
    await state.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const [site] = settings.sites;
  const [schedule] = settings.schedules;
  if (!site || !schedule) throw new Error('settings without a site or a schedule');
  let pulls = 0;
  return {
    services,
    settings,
    site,
    clock,
    files,
    database,
    scheduleRun: () => makeScheduleRun(state, settings, schedule, clock.now++),
    pullRun: (selection) =>
      makePullRun(state, settings, {
        now: clock.now,
        name: String(pulls++),
        transfers: transfersOf(schedule),
        selection,
      }),
  };
}

export async function* inChunks(text: string, size = 16_384): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** A session as a report has it. `end` absent: it runs. */
export function sessionXml(
  lsid: string,
  {
    start,
    end,
    recording = false,
  }: { readonly start: number; readonly end?: number; readonly recording?: boolean },
): string {
  const ended = end === undefined ? '<end_time/>' : `<end_time timestamp="${end}">then</end_time>`;
  const url = recording ? '<session_recording_download_url>https://x/y</session_recording_download_url>' : '';
  return `<session lsid="${lsid}"><session_type>support</session_type><lseq>1</lseq><start_time timestamp="${start}">then</start_time>${ended}${url}</session>`;
}

export const lsidOf = (number: number): string => number.toString(16).padStart(32, '0');

export function reportXml(...sessions: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<session_list xmlns="http://www.beyondtrust.com/sra/namespaces/API/reporting">\n${sessions.join('\n')}\n</session_list>`;
}
