import type { ActivityInput, ActivityName, ActivityOutput } from './activities.ts';

/** What an orchestrator may do, and nothing else: no I/O, no clock, no chance. Bound to durable-functions in functions/. */
export interface Orchestration {
  activity(name: ActivityName, input: unknown): Task;
  orchestrator(name: OrchestratorName, input: unknown, instanceId: string): Task;
  all(tasks: readonly Task[]): Task;
  sleep(milliseconds: number): Task;
  /** Ends this generation; the next begins with `input` and an empty history. */
  continueAsNew(input: unknown): void;
}

/** Opaque: to be yielded. */
export type Task = object;
export type OrchestratorName =
  | 'run'
  | 'site-sessions'
  | 'site-snapshot'
  | 'site-buckets'
  | 'site-files'
  | 'site-import';
export type Steps<R> = Generator<Task, R, unknown>;

export function* step<N extends ActivityName>(
  durable: Orchestration,
  name: N,
  input: ActivityInput<N>,
): Steps<ActivityOutput<N>> {
  return (yield durable.activity(name, input)) as ActivityOutput<N>;
}

/** The same activity with several inputs at once. */
export function* fanOut<N extends ActivityName>(
  durable: Orchestration,
  name: N,
  inputs: readonly ActivityInput<N>[],
): Steps<ActivityOutput<N>[]> {
  if (inputs.length === 0) return [];
  return (yield durable.all(inputs.map((input) => durable.activity(name, input)))) as ActivityOutput<N>[];
}
