import type { HostDatabase } from './database.ts';
import { type HistoryEvent, type RuntimeStatus, terminalStatuses } from './history.ts';
import type { InstanceRow } from './store.ts';

/** One instance as the management API shows it. Times are cut to seconds, as in Azure. */
export function statusPayload(row: InstanceRow, options: { showInput: boolean }): Record<string, unknown> {
  return {
    name: row.name,
    instanceId: row.instance_id,
    runtimeStatus: row.status,
    input: options.showInput ? parse(row.input) : null,
    customStatus: parse(row.custom_status),
    output: parse(row.output),
    createdTime: toSeconds(row.created_at),
    lastUpdatedTime: toSeconds(row.updated_at),
  };
}

function toSeconds(time: string): string {
  return `${time.slice(0, 19)}Z`;
}

/** JSON where it is JSON; the reason of a failure or a termination is plain text. */
function parse(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The history as Azure shows it: what was scheduled is folded into what completed it. */
export function historyPayload(
  history: readonly HistoryEvent[],
  options: { showInput: boolean; showHistoryOutput: boolean },
): Record<string, unknown>[] {
  const scheduled = new Map<string, HistoryEvent>();
  const shown = new Map<HistoryEvent, Record<string, unknown>>();
  for (const event of history) {
    const { Kind, EventType: _type, EventId, ...rest } = event;
    const item: Record<string, unknown> = { EventType: Kind, ...rest };
    for (const hidden of [
      'Version',
      'OrchestrationInstance',
      'ParentInstance',
      'Tags',
      'FailureDetails',
      'TimerId',
    ]) {
      delete item[hidden];
    }
    if (Kind === 'OrchestratorStarted' || Kind === 'OrchestratorCompleted') continue;
    if (Kind === 'ExecutionStarted') {
      item.FunctionName = item.Name;
      delete item.Name;
    }
    if (Kind === 'TaskScheduled') scheduled.set(`task ${EventId}`, event);
    if (Kind === 'SubOrchestrationInstanceCreated') scheduled.set(`child ${EventId}`, event);
    if ('TaskScheduledId' in event) {
      const key = `${Kind.startsWith('Task') ? 'task' : 'child'} ${event.TaskScheduledId}`;
      const origin = scheduled.get(key);
      delete item.TaskScheduledId;
      if (origin !== undefined && 'Name' in origin) {
        shown.delete(origin);
        item.ScheduledTime = origin.Timestamp;
        item.FunctionName = origin.Name;
        item.Input = origin.Input;
      }
    }
    if ('Result' in item) {
      if (options.showHistoryOutput) item.Result = parse(item.Result as string | null);
      else delete item.Result;
    }
    if (!options.showInput) delete item.Input;
    shown.set(event, item);
  }
  return [...shown.values()];
}

export interface StatusFilter {
  readonly createdFrom?: Date | undefined;
  readonly createdTo?: Date | undefined;
  readonly statuses?: readonly RuntimeStatus[] | undefined;
  readonly idPrefix?: string | undefined;
}

/** A page of instances in the order of their ids, those after `after`. */
export function queryInstances(
  database: HostDatabase,
  filter: StatusFilter,
  page: { readonly after: string; readonly size: number },
): InstanceRow[] {
  return database.all<InstanceRow>(
    `SELECT * FROM instances
     WHERE instance_id > ?1 AND created_at >= ?2 AND created_at <= ?3
       AND (?4 IS NULL OR status IN (SELECT value FROM json_each(?4)))
       AND substr(instance_id, 1, length(?5)) = ?5
     ORDER BY instance_id LIMIT ?6`,
    page.after,
    filter.createdFrom?.toISOString() ?? '',
    filter.createdTo?.toISOString() ?? '9999',
    filter.statuses === undefined ? null : JSON.stringify(filter.statuses),
    filter.idPrefix ?? '',
    page.size,
  );
}

/** Ids of finished instances that match; only finished ones may be purged by a filter. */
export function purgeable(database: HostDatabase, filter: StatusFilter): string[] {
  const statuses = filter.statuses?.filter((status) => terminalStatuses.includes(status)) ?? terminalStatuses;
  return queryInstances(database, { ...filter, statuses }, { after: '', size: -1 }).map(
    (row) => row.instance_id,
  );
}
