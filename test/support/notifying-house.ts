import type { TestContext } from 'node:test';
import { notifyAtTick } from '../../shared/notifications/index.ts';
import { reportPart } from '../../shared/runs/progress.ts';
import { type Run, transferKey } from '../../shared/runs/run.ts';
import type { Services } from '../../shared/services.ts';
import type { NotificationSettings } from '../../shared/settings/notifications.ts';
import type { Settings } from '../../shared/settings/settings.ts';
import { loadSettings, saveSettings } from '../../shared/settings/settings-store.ts';
import { openSqliteState } from '../../shared/state/sqlite-state.ts';
import type { StateStore } from '../../shared/state/state-store.ts';
import { finishRun, startRun } from '../../shared/transfer/run-steps.ts';
import { KeptLog } from './installation.ts';
import { header, type MailServer, startMailServer } from './mail-server.ts';
import { makeWorkbench, type Workbench } from './workbench.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** The steps of runs, and ticks, with notifications to a real SMTP server and a clock that the test moves. */
export interface House {
  readonly bench: Workbench;
  readonly services: Services;
  readonly log: KeptLog;
  readonly mail: MailServer;
  /** Subjects of all mails, without the prefix. */
  subjects(): string[];
  change(edit: (draft: Settings) => void): Promise<void>;
  /** A run of the schedule in which these transfers (`session-data|folder`) failed or were left with something owed. */
  run(outcome?: Outcome): Promise<Run>;
  pass(ms: number): void;
  look(): Promise<void>;
}

interface Outcome {
  readonly failed?: readonly string[];
  readonly partial?: readonly string[];
  readonly alarms?: readonly string[];
  readonly cancelled?: boolean;
}

export async function house(
  context: TestContext,
  more: Partial<NotificationSettings> = {},
  store?: (state: StateStore) => StateStore,
): Promise<House> {
  const mail = await startMailServer(context, { security: 'none' });
  const bench = makeWorkbench(context, store ? { state: store(openSqliteState(':memory:')) } : {});
  const log = new KeptLog();
  const services: Services = { ...bench.services, log };
  const { state } = services;
  await saveSettings(state, {
    ...bench.settings,
    notifications: {
      mail: {
        host: '127.0.0.1',
        port: mail.port,
        security: 'none',
        from: 'client@example.com',
        to: ['people@example.com'],
        subjectPrefix: 'IC:',
      },
      silencePeriods: 0,
      ledgerItems: 0,
      ...more,
    },
  });
  return {
    bench,
    services,
    log,
    mail,
    subjects: () => mail.mails.map((each) => (header(each, 'Subject') ?? '').replace(/^IC: /, '')),
    async change(edit) {
      const { settings, etag } = await loadSettings(state);
      const draft = structuredClone(settings);
      edit(draft);
      await saveSettings(state, draft, etag);
    },
    async run({ failed = [], partial = [], alarms = [], cancelled = false } = {}) {
      const run = await bench.scheduleRun();
      await startRun(services, { runId: run.id });
      const keys = run.transfers.map((transfer) => {
        const key = transferKey(transfer);
        return { key, name: key.slice('site|'.length), stream: transfer.stream };
      });
      for (const { key, name, stream } of keys) {
        const left = partial.includes(name) ? { postponed: 2, setAside: 1 } : {};
        const stored = stream === 'backup' ? { stored: 1 } : {};
        const first = key === keys[0]?.key;
        await reportPart(services, run.id, key, 'part', { ...left, ...stored }, first ? { alarms } : {});
      }
      const failure = {
        kind: 'transient',
        code: 'down',
        message: 'Main (site.example.com) cannot be reached.',
      } as const;
      const failures = Object.fromEntries(
        keys.filter(({ name }) => failed.includes(name)).map(({ key }) => [key, failure]),
      );
      await finishRun(services, { runId: run.id, failures, cancelled });
      return run;
    },
    pass: (ms) => {
      bench.clock.now += ms;
    },
    look: async () => notifyAtTick(services, (await loadSettings(state)).settings),
  };
}

/** Transfers of session data, as `run` takes them. */
export const data = ['session-data|folder', 'session-data|database'];
