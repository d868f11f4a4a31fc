/** How Azure's extension words failures; `durable-functions` makes its errors from these texts. */

const stateLabel = '\n\n$OutOfProcData$:';

export interface FailureText {
  readonly reason: string;
  readonly details: string;
}

/** @param error what the activity threw */
export function activityFailure(name: string, error: unknown): FailureText {
  const { message, stack } = asError(error);
  // Two spaces: the worker's text begins with one, and the extension cuts it there.
  const friendly = ` ${message}`;
  const inner = {
    ClassName: 'RpcException',
    Message: `Result: Failure\nException: ${message}\nStack: ${stack}`,
  };
  return {
    reason: `Activity function '${name}' failed: ${friendly}`,
    details: JSON.stringify({ ClassName: 'System.Exception', Message: friendly, InnerException: inner }),
  };
}

/** @param error the message of what the orchestrator threw */
export function orchestratorFailure(name: string, error: string, stack = ''): FailureText {
  return {
    reason: `Orchestrator function '${name}' failed: ${error}`,
    details: `Message: ${error}, StackTrace: ${stack}`,
  };
}

/** The state that `durable-functions` packs into the error of a failed orchestrator, or undefined. */
export function stateInError(error: unknown): string | undefined {
  const { message } = asError(error);
  const index = message.indexOf(stateLabel);
  return index < 0 ? undefined : message.slice(index + stateLabel.length);
}

export function missingFunction(
  name: string,
  kind: 'activity' | 'orchestrator',
  known: readonly string[],
): string {
  const list = known.length > 0 ? `The known ones are: ${known.join(', ')}.` : 'There are none.';
  return `The function '${name}' doesn't exist, is disabled, or is not an ${kind} function. ${list}`;
}

export function asError(error: unknown): { message: string; stack: string } {
  if (error instanceof Error) return { message: error.message, stack: error.stack ?? '' };
  return { message: typeof error === 'string' ? error : (JSON.stringify(error) ?? String(error)), stack: '' };
}
