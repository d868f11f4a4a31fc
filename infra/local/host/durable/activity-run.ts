import type { RpcTypedData } from '../core-types.ts';
import { describe } from '../http-server.ts';
import { invoke } from '../invocation.ts';
import { typedDataToJson } from '../typed-data.ts';
import type { EpisodeContext } from './episode.ts';
import { activityFailure, missingFunction } from './failure-text.ts';
import { type HistoryEvent, historyEvent } from './history.ts';
import type { ActivityMessage } from './store.ts';

/** Runs an activity once and gives its answer; a throw is an answer too. */
export async function runActivity(message: ActivityMessage, context: EpisodeContext): Promise<HistoryEvent> {
  const { functions, log, functionTimeoutMs } = context;
  const fields = { function: message.name, instanceId: message.instance_id, taskId: message.task_id };
  const hosted = functions.activity(message.name);
  if (hosted === undefined) {
    const reason = missingFunction(message.name, 'activity', functions.activityNames);
    log.error(reason, fields);
    return failed(message.task_id, reason, '');
  }
  try {
    const data = activityInput(message.input);
    const response = await invoke(
      hosted.registered,
      {
        inputs: [{ name: hosted.triggerName, data }],
        triggerMetadata: { instanceId: { string: message.instance_id }, data },
      },
      { log, functionTimeoutMs },
    );
    const result = typedDataToJson(response.returnValue);
    return historyEvent(
      'TaskCompleted',
      { TaskScheduledId: message.task_id, Result: result },
      new Date().toISOString(),
    );
  } catch (error) {
    log.error('activity failed', { ...fields, error: describe(error) });
    const { reason, details } = activityFailure(hosted.name, error);
    return failed(message.task_id, reason, details);
  }
}

/** The extension hands text over: a string as it is, anything else as JSON, and nothing for null. */
function activityInput(input: string): RpcTypedData {
  const [value] = JSON.parse(input) as [unknown];
  if (value === null) return {};
  return { string: typeof value === 'string' ? value : JSON.stringify(value) };
}

function failed(taskId: number, reason: string, details: string): HistoryEvent {
  const body = { TaskScheduledId: taskId, Reason: reason, Details: details, FailureDetails: null };
  return historyEvent('TaskFailed', body, new Date().toISOString());
}
