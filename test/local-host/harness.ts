import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalHost, type LocalHostOptions, startLocalHost } from '../../infra/local/host/index.ts';
import type { Log, LogFields } from '../../shared/log.ts';
import { control } from './control.ts';

export const functionFiles = [join(import.meta.dirname, 'functions.ts')];

export const hostJson = {
  version: '2.0',
  functionTimeout: '00:00:30',
  extensions: {
    http: { routePrefix: 'api' },
    durableTask: {
      hubName: 'TestHub',
      maxConcurrentActivityFunctions: 4,
      maxConcurrentOrchestratorFunctions: 2,
    },
  },
};

export interface Status {
  readonly name: string;
  readonly instanceId: string;
  readonly runtimeStatus: string;
  readonly input: unknown;
  readonly output: unknown;
  readonly customStatus: unknown;
  readonly createdTime: string;
  readonly historyEvents?: readonly Record<string, unknown>[];
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

export class RecordingLog implements Log {
  readonly lines: LogLine[] = [];
  debug = (message: string, fields: LogFields = {}) =>
    void this.lines.push({ level: 'debug', message, fields });
  info = (message: string, fields: LogFields = {}) =>
    void this.lines.push({ level: 'info', message, fields });
  warn = (message: string, fields: LogFields = {}) =>
    void this.lines.push({ level: 'warn', message, fields });
  error = (message: string, fields: LogFields = {}) =>
    void this.lines.push({ level: 'error', message, fields });
}

/** A host on a database in a directory of its own, and short ways to its management API. */
export class TestHost {
  readonly host: LocalHost;
  readonly log: RecordingLog;

  constructor(host: LocalHost, log: RecordingLog) {
    this.host = host;
    this.log = log;
  }

  manage(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.host.managementUrl}/${path}`, init);
  }

  async start(name: string, id: string, input?: unknown): Promise<Response> {
    const body = input === undefined ? '' : JSON.stringify(input);
    return this.manage(`orchestrators/${name}/${id}`, { method: 'POST', body });
  }

  async raise(id: string, event: string, data: unknown): Promise<number> {
    const headers = { 'content-type': 'application/json' };
    const response = await this.manage(`instances/${id}/raiseEvent/${event}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(data),
    });
    return response.status;
  }

  async status(id: string, query = ''): Promise<Status> {
    const response = await this.manage(`instances/${encodeURIComponent(id)}${query}`);
    if (response.status === 404) throw new Error(`no instance ${id}`);
    return (await response.json()) as Status;
  }

  async until(id: string, accept: (status: Status) => boolean): Promise<Status> {
    for (let count = 0; count < 1000; count++) {
      const status = await this.status(id);
      if (accept(status)) return status;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`instance ${id} did not get there: ${JSON.stringify(await this.status(id))}`);
  }

  async untilHistory(id: string, eventType: string): Promise<void> {
    for (let count = 0; count < 1000; count++) {
      const { historyEvents } = await this.status(id, '?showHistory=true');
      if (historyEvents?.some((event) => event.EventType === eventType)) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`the history of ${id} got no ${eventType}`);
  }

  done(id: string): Promise<Status> {
    return this.until(
      id,
      ({ runtimeStatus }) => !['Pending', 'Running', 'Suspended'].includes(runtimeStatus),
    );
  }

  async run(name: string, id: string, input?: unknown): Promise<Status> {
    const response = await this.start(name, id, input);
    if (response.status !== 202)
      throw new Error(`start answered ${response.status}: ${await response.text()}`);
    return this.done(id);
  }

  async client(
    operation: string,
    id: string,
    body: unknown = {},
  ): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${this.host.url}/api/client/${operation}/${id}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  }
}

export async function openHost(database: string, options: Partial<LocalHostOptions> = {}): Promise<TestHost> {
  const log = new RecordingLog();
  const host = await startLocalHost({
    functionFiles,
    database,
    port: 0,
    hostJson,
    timers: 'off',
    log,
    ...options,
  });
  return new TestHost(host, log);
}

export async function withDirectory<Result>(work: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'local-host-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export async function withHost(
  work: (host: TestHost, directory: string) => Promise<void>,
  options: Partial<LocalHostOptions> = {},
): Promise<void> {
  control.reset();
  await withDirectory(async (directory) => {
    const host = await openHost(join(directory, 'host.db'), options);
    try {
      await work(host, directory);
    } finally {
      control.isCancelled = true;
      await host.host.close();
    }
  });
}
