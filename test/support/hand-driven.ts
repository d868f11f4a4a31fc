import assert from 'node:assert/strict';
import type { ActivityName } from '../../shared/transfer/activities.ts';
import type { Orchestration, OrchestratorName, Steps, Task } from '../../shared/transfer/orchestration.ts';

/** What an orchestrator asked for, in order. */
export interface Asked {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: inputs are as different as the activities; tests look into them.
  readonly input: any;
  readonly id?: string;
}

export type Answers = Readonly<
  Partial<Record<ActivityName | 'orchestrator', (input: Asked['input']) => unknown>>
>;

/** Sub-orchestrations that are driven too; others are answered by the test. */
// biome-ignore lint/suspicious/noExplicitAny: each takes an input of its own.
export type Subs = Partial<Record<OrchestratorName, (durable: Orchestration, input: any) => Steps<unknown>>>;

export interface Driven<R> {
  readonly result: R;
  /** Activities and sub-orchestrations of all generations. */
  readonly asked: readonly Asked[];
  /** Inputs of the generations. */
  readonly generations: readonly unknown[];
  readonly slept: number;
  /** The most tasks of one generation: what its history will be made of. */
  readonly mostTasks: number;
}

/**
 * Drives an orchestrator as a host would, without one: what it yields is answered by the test. An activity that
 * nothing was said of fails the test; an answer that throws is an activity that was ended from outside.
 */
export function drive<I, R>(
  steps: (durable: Orchestration, input: I) => Steps<R>,
  input: I,
  answers: Answers,
  subs: Subs = {},
): Driven<R> {
  const asked: Asked[] = [];
  const generations: unknown[] = [];
  let slept = 0;
  let mostTasks = 0;
  for (let next: { input: unknown } | undefined = { input }; ; ) {
    assert.ok(generations.length < 100, 'it goes on for ever');
    // Between generations the input travels as JSON.
    const given = JSON.parse(JSON.stringify(next.input)) as I;
    generations.push(given);
    next = undefined;
    let tasks = 0;
    const answerOf = new Map<Task, () => unknown>();
    const make = (answer: () => unknown): Task => {
      const task = {};
      answerOf.set(task, answer);
      return task;
    };
    const ask = (one: Asked, name: ActivityName | 'orchestrator'): Task => {
      tasks++;
      asked.push({ ...one, input: JSON.parse(JSON.stringify(one.input)) });
      return make(() => {
        const answer = answers[name];
        assert.ok(answer, `nothing is said of ${one.name}`);
        return JSON.parse(JSON.stringify(answer(one.input) ?? null));
      });
    };
    const durable: Orchestration = {
      activity: (name, value) => ask({ name, input: value }, name),
      orchestrator: (name, value, id) => {
        const sub = subs[name];
        if (!sub) return ask({ name, input: value, id }, 'orchestrator');
        tasks++;
        return make(() => {
          const driven = drive(sub, value, answers, subs);
          asked.push({ name, input: JSON.parse(JSON.stringify(value)), id }, ...driven.asked);
          return driven.result;
        });
      },
      all: (list) => make(() => list.map(resolve)),
      sleep: (milliseconds) => {
        tasks++;
        return make(() => {
          slept += milliseconds;
        });
      },
      continueAsNew: (value) => {
        next = { input: value };
      },
    };
    function resolve(task: Task): unknown {
      const answer = answerOf.get(task);
      assert.ok(answer, 'it yields only what it was given');
      return answer();
    }
    const generator = steps(durable, given);
    let turn = generator.next();
    while (!turn.done) {
      let answer: unknown;
      try {
        answer = resolve(turn.value);
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        turn = generator.throw(error);
        continue;
      }
      turn = generator.next(answer);
    }
    mostTasks = Math.max(mostTasks, tasks);
    if (next === undefined) return { result: turn.value, asked, generations, slept, mostTasks };
  }
}
