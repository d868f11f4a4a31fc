import { z } from 'zod';
import { Failure } from '../../../../shared/errors.ts';

/** Numbers of `durable-functions`' actions. */
const actionNames: Readonly<Record<number, string>> = {
  0: 'CallActivity',
  1: 'CallActivityWithRetry',
  2: 'CallSubOrchestrator',
  3: 'CallSubOrchestratorWithRetry',
  4: 'ContinueAsNew',
  5: 'CreateTimer',
  6: 'WaitForExternalEvent',
  7: 'CallEntity',
  8: 'CallHttp',
  9: 'SignalEntity',
  11: 'WhenAny',
  12: 'WhenAll',
  13: 'LockEntities',
  14: 'ReleaseEntities',
};

export type Action =
  | { readonly kind: 'CallActivity'; readonly name: string; readonly input: string }
  | {
      readonly kind: 'CallSubOrchestrator';
      readonly name: string;
      readonly instanceId: string | undefined;
      readonly input: string | null;
    }
  | { readonly kind: 'ContinueAsNew'; readonly input: string | null }
  | { readonly kind: 'CreateTimer'; readonly fireAt: Date; readonly isCanceled: boolean }
  | { readonly kind: 'WaitForExternalEvent'; readonly name: string }
  | { readonly kind: 'WhenAny' | 'WhenAll'; readonly actions: readonly Action[] };

/** What an orchestrator function gives back after it was replayed: everything it asked for in this generation. */
export interface OrchestratorOutput {
  readonly isDone: boolean;
  readonly actions: readonly Action[];
  /** JSON text, or null. */
  readonly output: string | null;
  readonly error: string | undefined;
  /** JSON text, or undefined where the orchestrator set none. */
  readonly customStatus: string | undefined;
}

const stateSchema = z.looseObject({
  isDone: z.boolean(),
  actions: z.array(z.array(z.looseObject({ actionType: z.number() }))),
  output: z.unknown().optional(),
  error: z.string().optional(),
  customStatus: z.unknown().optional(),
  schemaVersion: z.number(),
});

/** @throws Failure `unsupported-action`, `bad-orchestrator-output` */
export function parseOrchestratorOutput(json: string): OrchestratorOutput {
  const parsed = stateSchema.safeParse(JSON.parse(json));
  const outer = parsed.data?.actions;
  if (!parsed.success || outer?.length !== 1) {
    const issue = parsed.error?.issues[0];
    const where = issue === undefined ? 'actions' : `${issue.path.join('.')}: ${issue.message}`;
    throw new Failure(
      'terminal',
      'bad-orchestrator-output',
      `The orchestrator gave back an unknown state (${where}).`,
    );
  }
  const { isDone, output, error, customStatus } = parsed.data;
  return {
    isDone,
    actions: (outer[0] ?? []).map(parseAction),
    output: toJson(output),
    error,
    customStatus: toJson(customStatus) ?? undefined,
  };
}

const actionSchemas = {
  CallActivity: z.looseObject({ functionName: z.string(), input: z.unknown().optional() }),
  CallSubOrchestrator: z.looseObject({
    functionName: z.string(),
    instanceId: z.string().optional(),
    input: z.unknown().optional(),
    version: z.string().optional(),
  }),
  ContinueAsNew: z.looseObject({ input: z.unknown().optional() }),
  CreateTimer: z.looseObject({ fireAt: z.iso.datetime(), isCanceled: z.boolean() }),
  WaitForExternalEvent: z.looseObject({ externalEventName: z.string(), reason: z.literal('ExternalEvent') }),
  When: z.looseObject({ compoundActions: z.array(z.looseObject({ actionType: z.number() })) }),
};

function parseAction(raw: { actionType: number }): Action {
  const kind = actionNames[raw.actionType];
  switch (kind) {
    case 'CallActivity': {
      const action = actionSchemas.CallActivity.parse(raw);
      // The extension schedules an array with one element; a string is JSON inside JSON.
      return { kind, name: action.functionName, input: `[${toJson(action.input) ?? 'null'}]` };
    }
    case 'CallSubOrchestrator': {
      const action = actionSchemas.CallSubOrchestrator.parse(raw);
      if (action.version !== undefined) throw unsupported('orchestration versions');
      return {
        kind,
        name: action.functionName,
        instanceId: action.instanceId || undefined,
        input: toJson(action.input),
      };
    }
    case 'ContinueAsNew':
      return { kind, input: toJson(actionSchemas.ContinueAsNew.parse(raw).input) };
    case 'CreateTimer': {
      const action = actionSchemas.CreateTimer.parse(raw);
      return { kind, fireAt: new Date(action.fireAt), isCanceled: action.isCanceled };
    }
    case 'WaitForExternalEvent':
      return { kind, name: actionSchemas.WaitForExternalEvent.parse(raw).externalEventName };
    case 'WhenAny':
    case 'WhenAll':
      return { kind, actions: actionSchemas.When.parse(raw).compoundActions.map(parseAction) };
    case 'CallActivityWithRetry':
    case 'CallSubOrchestratorWithRetry':
      throw unsupported(`${kind}: retries live in activities`);
    default:
      throw unsupported(kind ?? `action ${raw.actionType}`);
  }
}

function unsupported(what: string): Failure {
  return new Failure('terminal', 'unsupported-action', `The local host does not do ${what}.`);
}

function toJson(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}

const scheduling = new Set([0, 2, 5]);

/**
 * Finds a task that was given to two Task.any or Task.all calls. `durable-functions` sends its action twice
 * without saying that it is the same, Azure's extension schedules it twice, and the ids of all later tasks shift
 * (azure-functions-durable-js issue 574). Only the objects themselves still show it.
 * @throws Failure `task-reused`
 */
export function refuseReusedTasks(state: unknown): void {
  const seen = new Set<object>();
  const visit = (action: unknown): void => {
    const { actionType, compoundActions, functionName } = (action ?? {}) as Record<string, unknown>;
    if (Array.isArray(compoundActions)) compoundActions.forEach(visit);
    if (typeof actionType !== 'number' || !scheduling.has(actionType)) return;
    if (seen.has(action as object)) {
      const what = functionName === undefined ? 'A timer' : `The task of "${String(functionName)}"`;
      throw new Failure(
        'terminal',
        'task-reused',
        `${what} was given to more than one Task.any or Task.all. Azure would schedule it again each time: create a new one, or yield the task itself.`,
      );
    }
    seen.add(action as object);
  };
  const { actions } = (state ?? {}) as { actions?: unknown };
  if (Array.isArray(actions)) actions.flat().forEach(visit);
}
