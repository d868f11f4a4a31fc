import { randomUUID } from 'node:crypto';
import { Failure } from '../../../../shared/errors.ts';
import type { ManagementAnswer, ManagementRequest } from '../http-server.ts';
import { type ClientBindingOptions, managementUrls } from './client-binding.ts';
import { missingFunction } from './failure-text.ts';
import type { DurableFunctions } from './functions.ts';
import { type HistoryEvent, historyEvent, isTerminal, type RuntimeStatus } from './history.ts';
import {
  historyPayload,
  purgeable,
  queryInstances,
  type StatusFilter,
  statusPayload,
} from './instance-status.ts';
import type { DurableStore, InstanceRow } from './store.ts';

export interface ManagementApiOptions {
  readonly store: DurableStore;
  readonly functions: DurableFunctions;
  readonly client: () => ClientBindingOptions;
  /** Called after anything was put into the store. */
  readonly wake: () => void;
}

const notFound: ManagementAnswer = { status: 404 };
const pageSize = 100;

/** The HTTP management API of Durable Functions, which `DurableClient` calls too. */
export class ManagementApi {
  readonly #options: ManagementApiOptions;

  constructor(options: ManagementApiOptions) {
    this.#options = options;
  }

  handle(request: ManagementRequest): ManagementAnswer {
    try {
      const answer = this.#route(request);
      if (request.method !== 'GET') this.#options.wake();
      return answer;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const status = { 'bad-request': 400, conflict: 409, 'not-supported': 501 }[error.code] ?? 500;
      return { status, body: { Message: error.message } };
    }
  }

  #route(request: ManagementRequest): ManagementAnswer {
    const parts = request.path.split('/').map(decode);
    const [resource = '', first, second, third] = parts;
    const on = (method: string, count: number) => request.method === method && parts.length === count;
    if (
      resource === 'orchestrators' &&
      first !== undefined &&
      request.method === 'POST' &&
      parts.length <= 3
    ) {
      return this.#started(this.#start(first, second, request.body));
    }
    if (resource === 'entities')
      throw new Failure('terminal', 'not-supported', 'The local host has no entities.');
    if (resource !== 'instances') return notFound;
    if (on('GET', 1)) return this.#list(request);
    if (on('DELETE', 1)) return this.#purgeBy(request);
    if (first === undefined) return notFound;
    const row = this.#options.store.instance(first);
    if (row === undefined) return notFound;
    if (on('GET', 2)) return this.#status(row, request);
    if (on('DELETE', 2)) return this.#purge([first]);
    if (on('POST', 4) && second === 'raiseEvent' && third !== undefined)
      return this.#raise(row, third, request);
    if (on('POST', 3)) return this.#operate(row, second ?? '', request.url.searchParams);
    return notFound;
  }

  #operate(row: InstanceRow, operation: string, query: URLSearchParams): ManagementAnswer {
    const reason = query.get('reason');
    const at = new Date().toISOString();
    switch (operation.toLowerCase()) {
      case 'terminate':
        return this.#tell(row, historyEvent('ExecutionTerminated', { Input: reason }, at));
      case 'suspend':
        return this.#tell(row, historyEvent('ExecutionSuspended', { Reason: reason }, at));
      case 'resume':
        return this.#tell(row, historyEvent('ExecutionResumed', { Reason: reason }, at));
      case 'restart': {
        const fresh = query.get('restartWithNewInstanceId')?.toLowerCase() !== 'false';
        return this.#started(this.#start(row.name, fresh ? undefined : row.instance_id, row.input ?? ''));
      }
      case 'rewind':
        throw new Failure('terminal', 'not-supported', 'The local host does not rewind instances.');
      default:
        return notFound;
    }
  }

  #start(name: string, wantedId: string | undefined, body: string): string {
    const { store, functions } = this.#options;
    if (functions.orchestrator(name) === undefined) {
      throw badRequest(missingFunction(name, 'orchestrator', functions.orchestratorNames));
    }
    const instanceId = wantedId || randomUUID().replaceAll('-', '');
    if (instanceId.startsWith('@') || /[/\\#?\p{Cc}]/u.test(instanceId) || instanceId.length > 100) {
      throw badRequest(
        'An instance id has at most 100 characters, does not begin with @ and has none of / \\ # ?',
      );
    }
    const input = body === '' ? null : canonicalJson(body);
    const existing = store.instance(instanceId);
    if (existing !== undefined && !isTerminal(existing.status)) {
      throw new Failure(
        'terminal',
        'conflict',
        `An instance '${instanceId}' is there already (${existing.status}).`,
      );
    }
    store.database.transaction(() =>
      store.create({ instanceId, name, input, parent: undefined }, new Date()),
    );
    return instanceId;
  }

  #started(instanceId: string): ManagementAnswer {
    const urls = managementUrls(instanceId, this.#options.client());
    return { status: 202, headers: { location: urls.statusQueryGetUri, 'retry-after': '10' }, body: urls };
  }

  #raise(row: InstanceRow, name: string, request: ManagementRequest): ManagementAnswer {
    if (isTerminal(row.status)) return { status: 410 };
    const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
    if (type !== 'application/json') throw badRequest('Only application/json request content is supported.');
    const body = { Name: name, Input: canonicalJson(request.body) };
    return this.#tell(row, historyEvent('EventRaised', body, new Date().toISOString()));
  }

  /** A message for whatever generation there is when it arrives. */
  #tell(row: InstanceRow, event: HistoryEvent): ManagementAnswer {
    if (isTerminal(row.status)) return { status: 410 };
    const { store } = this.#options;
    store.database.transaction(() => store.send(row.instance_id, null, event));
    return { status: 202 };
  }

  #status(row: InstanceRow, { url }: ManagementRequest): ManagementAnswer {
    const flag = (name: string) => url.searchParams.get(name)?.toLowerCase();
    const showInput = flag('showInput') !== 'false';
    const payload = statusPayload(row, { showInput });
    if (flag('showHistory') === 'true' && row.status !== 'Pending') {
      const showHistoryOutput = flag('showHistoryOutput') === 'true';
      const history = this.#options.store.history(row.instance_id);
      payload.historyEvents = historyPayload(history, { showInput, showHistoryOutput });
    }
    if (!isTerminal(row.status)) {
      return { status: 202, headers: { location: url.href, 'retry-after': '5' }, body: payload };
    }
    const asError = row.status === 'Failed' && flag('returnInternalServerErrorOnFailure') === 'true';
    return { status: asError ? 500 : 200, body: payload };
  }

  #list({ url, headers }: ManagementRequest): ManagementAnswer {
    const size = Number(url.searchParams.get('top') ?? pageSize);
    if (!Number.isInteger(size) || size < 1) throw badRequest('top must be a whole number of at least 1.');
    const token = headers['x-ms-continuation-token'];
    const after = typeof token === 'string' ? Buffer.from(token, 'base64url').toString('utf8') : '';
    const rows = queryInstances(this.#options.store.database, filterOf(url.searchParams), {
      after,
      size: size + 1,
    });
    const page = rows.slice(0, size);
    const last = page.at(-1);
    const showInput = url.searchParams.get('showInput')?.toLowerCase() !== 'false';
    return {
      status: 200,
      headers:
        rows.length > size && last !== undefined
          ? { 'x-ms-continuation-token': Buffer.from(last.instance_id).toString('base64url') }
          : {},
      body: page.map((row) => statusPayload(row, { showInput })),
    };
  }

  #purgeBy({ url }: ManagementRequest): ManagementAnswer {
    const filter = filterOf(url.searchParams);
    if (filter.createdFrom === undefined)
      throw badRequest("Please provide value for 'createdTimeFrom' parameter.");
    return this.#purge(purgeable(this.#options.store.database, filter));
  }

  #purge(instanceIds: readonly string[]): ManagementAnswer {
    const { store } = this.#options;
    const instancesDeleted = store.database.transaction(
      () => instanceIds.filter((id) => store.remove(id)).length,
    );
    return instancesDeleted === 0 ? notFound : { status: 200, body: { instancesDeleted } };
  }
}

function filterOf(query: URLSearchParams): StatusFilter {
  const statuses = query
    .getAll('runtimeStatus')
    .flatMap((value) => value.split(','))
    .filter((value) => value !== '');
  return {
    createdFrom: dateOf(query, 'createdTimeFrom'),
    createdTo: dateOf(query, 'createdTimeTo'),
    statuses: statuses.length === 0 ? undefined : (statuses as RuntimeStatus[]),
    idPrefix: query.get('instanceIdPrefix') ?? undefined,
  };
}

function dateOf(query: URLSearchParams, name: string): Date | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw badRequest(`${name} is not a time.`);
  return date;
}

function canonicalJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    throw badRequest('Invalid JSON content.');
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest('The path is not valid.');
  }
}

function badRequest(message: string): Failure {
  return new Failure('terminal', 'bad-request', message);
}
