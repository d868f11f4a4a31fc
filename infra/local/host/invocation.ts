import { randomUUID } from 'node:crypto';
import type { Log } from '../../../shared/log.ts';
import type {
  CoreInvocationContext,
  LogCategory,
  LogLevel,
  RpcInvocationRequest,
  RpcInvocationResponse,
  RpcParameterBinding,
  RpcTypedData,
} from './core-types.ts';
import { executeHooks, type RegisteredFunction, registry } from './function-registry.ts';

/** Thrown by an invocation that took longer than host.json's functionTimeout. Its code cannot be stopped. */
export class FunctionTimeout extends Error {
  override readonly name = 'FunctionTimeout';
}

export interface InvocationInput {
  readonly inputs: readonly RpcParameterBinding[];
  readonly triggerMetadata?: Readonly<Record<string, RpcTypedData>>;
  /** Sees what the function returned before it becomes data. */
  readonly inspectResult?: (result: unknown) => void;
}

export interface InvocationOptions {
  readonly log: Log;
  readonly functionTimeoutMs: number | undefined;
}

/**
 * Runs one function as Azure's worker does: arguments, hooks, the function, hooks, response.
 * @throws what the function threw, or FunctionTimeout.
 */
export async function invoke(
  registered: RegisteredFunction,
  input: InvocationInput,
  options: InvocationOptions,
): Promise<RpcInvocationResponse> {
  const invocationId = randomUUID();
  const { name } = registered.metadata;
  const work = run(registered, input, invocationId, options.log);
  if (options.functionTimeoutMs === undefined) return work;
  const limit = options.functionTimeoutMs;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      options.log.error('function exceeded functionTimeout', {
        function: name,
        invocationId,
        limitMs: limit,
      });
      reject(new FunctionTimeout(`Function ${name} exceeded functionTimeout (${limit / 1000} s).`));
    }, limit);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

async function run(
  { metadata, callback }: RegisteredFunction,
  input: InvocationInput,
  invocationId: string,
  log: Log,
): Promise<RpcInvocationResponse> {
  const request: RpcInvocationRequest = {
    invocationId,
    functionId: metadata.functionId ?? metadata.name,
    inputData: [...input.inputs],
    triggerMetadata: { ...input.triggerMetadata },
  };
  const core: CoreInvocationContext = {
    invocationId,
    request,
    metadata,
    log: (level, category, message) => writeLog(log, level, category, message, metadata.name, invocationId),
  };
  const model = registry.programmingModel?.getInvocationModel(core);
  if (model === undefined) throw new Error('@azure/functions has set no programming model.');

  const { context, inputs } = await model.getArguments();
  const hookContext: Record<string, unknown> = {
    hookData: {},
    appHookData: registry.appHookData,
    invocationContext: context,
    functionCallback: callback,
    inputs,
    result: null,
    error: null,
  };
  const inState = async (state: CoreInvocationContext['state'], step: () => Promise<void>) => {
    core.state = state;
    try {
      await step();
    } finally {
      core.state = undefined;
    }
  };
  await inState('preInvocationHooks', () => executeHooks('preInvocation', hookContext));
  await inState('invocation', async () => {
    try {
      const chosen = hookContext.functionCallback as typeof callback;
      hookContext.result = await model.invokeFunction(context, hookContext.inputs as unknown[], chosen);
    } catch (error) {
      hookContext.error = error ?? new Error('The function threw nothing.');
    }
  });
  await inState('postInvocationHooks', () => executeHooks('postInvocation', hookContext));
  if (hookContext.error !== null && hookContext.error !== undefined) throw hookContext.error;
  input.inspectResult?.(hookContext.result);
  return model.getResponse(context, hookContext.result);
}

export function writeLog(
  log: Log,
  level: LogLevel,
  category: LogCategory,
  message: string,
  functionName: string,
  invocationId?: string,
): void {
  const fields = { function: functionName, invocationId };
  if (level === 'none') return;
  if (level === 'error' || level === 'critical') log.error(message, fields);
  else if (level === 'warning') log.warn(message, fields);
  else if (level === 'information' && category === 'user') log.info(message, fields);
  else log.debug(message, fields);
}
