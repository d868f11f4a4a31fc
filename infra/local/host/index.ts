import type { Log } from '../../../shared/log.ts';
import { silentLog } from '../../../shared/log.ts';
import type { RpcInvocationResponse, RpcTypedData } from './core-types.ts';
import { clientBinding } from './durable/client-binding.ts';
import { HostDatabase } from './durable/database.ts';
import { Dispatcher } from './durable/dispatcher.ts';
import { DurableFunctions } from './durable/functions.ts';
import { ManagementApi } from './durable/management-api.ts';
import { DurableStore } from './durable/store.ts';
import { catalogFunctions, type HostedFunction, type TriggerKind } from './function-catalog.ts';
import { executeHooks, registry } from './function-registry.ts';
import { readHostSettings } from './host-settings.ts';
import { HttpRoutes } from './http-routes.ts';
import { HttpServer } from './http-server.ts';
import { invoke, writeLog } from './invocation.ts';
import { type FunctionSource, loadFunctions } from './load-functions.ts';
import { ManagementKey } from './management-key.ts';
import { TimerTriggers } from './timer-triggers.ts';

export interface LocalHostOptions {
  /** Absolute paths or globs of modules that register functions, or a function that imports them. */
  readonly functionFiles: FunctionSource;
  /** The host's own SQLite file; one host at a time. */
  readonly database: string;
  /** HTTP port on 127.0.0.1; 0 takes any. Default 7071. */
  readonly port?: number;
  /** Path or content of host.json. */
  readonly hostJson: string | object;
  /** `twice-overlapping` is a test mode: every message is worked on twice at the same time. */
  readonly delivery?: 'once' | 'twice-overlapping';
  readonly timers?: 'on' | 'off';
  readonly log?: Log;
  /** How long `close` waits for running functions. Default 10 s. */
  readonly closeLimitMs?: number;
  /** Done once this host is known to be the only one on its database, before anything runs. */
  readonly beforeWork?: () => Promise<void>;
}

export interface LocalHost {
  readonly url: string;
  /** The management API of Durable Functions, with the key that guards it. Not for logs. */
  readonly managementUrl: string;
  readonly port: number;
  readonly functions: readonly { readonly name: string; readonly trigger: TriggerKind }[];
  /** Takes nothing more, waits for what runs, closes. What did not end in time is delivered again at next start. */
  close(): Promise<void>;
  /** Resolves when no orchestration is pending or running and no message waits. Rejects with Failure `disk-full`. */
  idle(): Promise<void>;
  /** Runs a timer function now. @throws what it throws */
  fireTimer(name: string): Promise<void>;
}

/**
 * Runs functions written for Azure in this process. What it does not do makes it fail at start or fail the
 * instance; nothing is passed over in silence.
 * @throws Failure `unsupported-binding`, `bad-route`, `bad-schedule`, `bad-host-json`, `database-in-use` …
 */
export async function startLocalHost(options: LocalHostOptions): Promise<LocalHost> {
  const log = options.log ?? silentLog;
  const settings = readHostSettings(options.hostJson);
  registry.logSink = (level, category, message) => writeLog(log, level, category, message, 'host');
  const functions = catalogFunctions(await loadFunctions(options.functionFiles));
  const durableFunctions = new DurableFunctions(functions);
  const routes = new HttpRoutes(functions, settings.routePrefix);
  const database = new HostDatabase(options.database);
  const store = new DurableStore(database);
  const { functionTimeoutMs } = settings;

  const call = (hosted: HostedFunction, trigger: RpcTypedData): Promise<RpcInvocationResponse> => {
    const client = { string: clientBinding(clientOptions()) };
    const inputs = [
      { name: hosted.triggerName, data: trigger },
      ...hosted.clientInputs.map((name) => ({ name, data: client })),
    ];
    return invoke(hosted.registered, { inputs }, { log, functionTimeoutMs });
  };
  const dispatcher = new Dispatcher({
    store,
    functions: durableFunctions,
    log,
    functionTimeoutMs,
    maxActivities: settings.maxConcurrentActivityFunctions,
    maxOrchestrators: settings.maxConcurrentOrchestratorFunctions,
    delivery: options.delivery ?? 'once',
  });
  const managementKey = new ManagementKey();
  const origin = () => `http://127.0.0.1:${server.port}`;
  const clientOptions = () => ({
    hubName: settings.hubName,
    origin: origin(),
    rpcUrl: managementKey.rpcUrl(origin()),
    key: managementKey.key,
  });
  const api = new ManagementApi({
    store,
    functions: durableFunctions,
    client: clientOptions,
    wake: () => dispatcher.wake(),
  });
  const server = new HttpServer({
    port: options.port ?? 7071,
    routes,
    log,
    managementKey,
    invoke: call,
    manage: (request) => api.handle(request),
  });

  let timers: TimerTriggers;
  try {
    timers = new TimerTriggers({ database, functions, log, invoke: call });
    await executeHooks('appStart', { hookData: {}, appHookData: registry.appHookData });
    await options.beforeWork?.();
    await server.listen();
  } catch (error) {
    database.close();
    throw error;
  }
  dispatcher.start();
  if (options.timers !== 'off') timers.start();

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const limitMs = options.closeLimitMs ?? 10_000;
    server.refuseFunctions();
    const [ended] = await Promise.all([dispatcher.stop(limitMs), within(limitMs, timers.stop())]);
    const cut = setTimeout(() => server.cut(), limitMs);
    await server.close().finally(() => clearTimeout(cut));
    if (!ended)
      log.warn('closed while functions were running; their messages are delivered again at next start');
    await executeHooks('appTerminate', { hookData: {}, appHookData: registry.appHookData });
    database.close();
  };
  return {
    url: origin(),
    managementUrl: managementKey.rpcUrl(origin()),
    port: server.port,
    functions: functions.map(({ name, kind }) => ({ name, trigger: kind })),
    close: () => (closing ??= close()),
    idle: () => dispatcher.idle(),
    fireTimer: (name) => timers.fire(name),
  };
}

async function within(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
