import type { HistoryEvent, ParentInstance } from './history.ts';
import type { InstanceRow } from './store.ts';

/**
 * What the extension sends an orchestrator function: JSON text with the history and the settings of the replay.
 * The schema is V3, its newest published one for this protocol when this was written; it has no entity locks.
 */
export function orchestratorInput(
  instance: InstanceRow,
  past: readonly HistoryEvent[],
  fresh: readonly HistoryEvent[],
): string {
  const parent = instance.parent === null ? undefined : (JSON.parse(instance.parent) as ParentInstance);
  const started = [...past, ...fresh].find((event) => event.Kind === 'ExecutionStarted');
  const input = started?.Kind === 'ExecutionStarted' ? started.Input : null;
  const wire = (isPlayed: boolean) => (event: HistoryEvent) => {
    const { Kind: _, ...rest } = event;
    return { ...rest, IsPlayed: isPlayed };
  };
  return JSON.stringify({
    history: [...past.map(wire(true)), ...fresh.map(wire(false))],
    input: input === null ? null : JSON.parse(input),
    instanceId: instance.instance_id,
    isReplaying: past.length > 0,
    parentInstanceId: parent?.instanceId ?? null,
    upperSchemaVersion: 1,
    upperSchemaVersionNew: 2,
    longRunningTimerIntervalDuration: '3.00:00:00',
    maximumShortTimerDuration: '6.00:00:00',
    defaultHttpAsyncRequestSleepTimeMillseconds: 30_000,
  });
}
