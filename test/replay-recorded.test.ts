import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as df from 'durable-functions';
import type { Scheduled } from '../infra/local/host/durable/action-replay.ts';
import { type Decision, type EpisodeContext, runEpisode } from '../infra/local/host/durable/episode.ts';
import { DurableFunctions } from '../infra/local/host/durable/functions.ts';
import type { HistoryEvent } from '../infra/local/host/durable/history.ts';
import { catalogFunctions } from '../infra/local/host/function-catalog.ts';
import { loadFunctions } from '../infra/local/host/load-functions.ts';
import { silentLog } from '../shared/log.ts';
import {
  keepGenerations,
  type RecordedHistory,
  recordedHistories,
  saveHistories,
} from './replay/recorded-history.ts';
import { typesOf } from './support/all-types.ts';
import { startInstallation } from './support/installation.ts';

/**
 * Histories of runs that were recorded from the local host replay on today's code. Runs that are under way when a
 * version is installed go on with the new one: a change that breaks a fixture here would break them too. Such a change
 * needs a new name for what it changes (an activity, an orchestration), not a new fixture.
 *
 * To record the runs of today's code as a further fixture:
 *   RECORD_HISTORIES=name node --test test/replay-recorded.test.ts
 */
const recordAs = process.env.RECORD_HISTORIES;

test('recording', { skip: recordAs === undefined }, async () => {
  assert.match(recordAs ?? '', /^[a-z0-9-]+$/);
  const installation = await startInstallation({
    sites: {
      support: { sessions: 40, presentations: 6 } as object,
      access: { product: 'PRA', sessions: 30 },
    },
    hoursBack: 60,
    ports: (ports, data) => {
      keepGenerations(data.host);
      return ports;
    },
    transfers: (['RS', 'PRA'] as const).flatMap((product, index) => {
      const site = index === 0 ? 'support' : 'access';
      return [
        { site, destination: 'folder', dataTypes: typesOf(product), begin: { kind: 'days-back', days: 2 } },
        { site, destination: 'database', dataTypes: ['session-data'] },
      ];
    }),
  });
  try {
    await installation.run();
    installation.passTime(3600);
    const { faults } = installation.appliance('support');
    faults.add({ kind: 'refuse' }, { times: 12, after: 8 });
    await installation.run();
    installation.passTime(3600);
    await installation.run();
    await installation.stack.host.close();
    saveHistories(installation.data.host, recordAs ?? '');
  } finally {
    await installation.close();
  }
});

let context: EpisodeContext;
/** Orchestrations as they must not become: each does one thing more, another thing, or in another order, first. */
const changes = ['order', 'type', 'name'] as const;
const names = ['run', 'site-sessions', 'site-snapshot', 'site-buckets', 'site-files'];
before(async () => {
  const today = await loadFunctions([`${import.meta.dirname}/../functions/*.ts`]);
  const changed = await loadFunctions(async () => {
    for (const name of names) for (const change of changes) registerChanged(name, change);
  });
  const functions = new DurableFunctions(catalogFunctions([...today, ...changed]));
  context = { functions, log: silentLog, functionTimeoutMs: undefined };
});

function registerChanged(name: string, change: (typeof changes)[number]): void {
  df.app.orchestration(`${name}-changed-${change}`, function* ({ df: durable }) {
    if (change === 'type') yield durable.createTimer(new Date(durable.currentUtcDateTime.getTime() + 1000));
    else if (change === 'name') yield durable.callActivity('drop-staged', { names: [] });
    else
      yield durable.Task.all(
        ['finish-run', 'start-run', 'drain'].map((one) => durable.callActivity(one, {})),
      );
    return {};
  });
}

interface EpisodeOfHistory {
  readonly past: readonly HistoryEvent[];
  readonly received: readonly HistoryEvent[];
  /** What was decided then. */
  readonly decided: readonly HistoryEvent[];
  readonly at: string;
}

const ours = new Set([
  'OrchestratorStarted',
  'OrchestratorCompleted',
  'TaskScheduled',
  'SubOrchestrationInstanceCreated',
  'TimerCreated',
  'ExecutionCompleted',
]);

function episodesOf({ events }: RecordedHistory): EpisodeOfHistory[] {
  const starts = events.flatMap(({ Kind }, index) => (Kind === 'OrchestratorStarted' ? [index] : []));
  return starts.map((start, index) => {
    const episode = events.slice(start, starts[index + 1]);
    return {
      past: events.slice(0, start),
      received: episode.filter(({ Kind }) => !ours.has(Kind)),
      decided: episode.filter(({ Kind }) => ours.has(Kind) && !Kind.startsWith('Orchestrator')),
      at: episode[0]?.Timestamp ?? '',
    };
  });
}

function replay(history: RecordedHistory, episode: EpisodeOfHistory, name = history.name): Promise<Decision> {
  const { instanceId, executionId, parent } = history;
  const instance = {
    instance_id: instanceId,
    execution_id: executionId,
    version: 0,
    name,
    status: 'Running' as const,
    input: null,
    output: null,
    custom_status: null,
    created_at: '',
    updated_at: '',
    parent,
  };
  const messages = episode.received.map((event, seq) => ({ seq, executionId, event }));
  return runEpisode(instance, episode.past, messages, new Date(episode.at), context);
}

/** An action as the history records it: id, type, name and what was given with it. */
function recorded(event: HistoryEvent): unknown {
  switch (event.Kind) {
    case 'TaskScheduled':
      return [event.EventId, 'activity', event.Name, JSON.parse(event.Input)];
    case 'SubOrchestrationInstanceCreated':
      return [
        event.EventId,
        'sub-orchestration',
        event.Name,
        event.InstanceId,
        JSON.parse(event.Input ?? 'null'),
      ];
    case 'TimerCreated':
      return [event.EventId, 'timer', event.FireAt];
    case 'ExecutionCompleted':
      return ['end', event.OrchestrationStatus, JSON.parse(event.Result ?? 'null')];
    default:
      throw new Error(`nothing that is decided: ${event.Kind}`);
  }
}

function asked(scheduled: Scheduled): unknown {
  switch (scheduled.kind) {
    case 'activity':
      return [scheduled.id, 'activity', scheduled.name, JSON.parse(scheduled.input)];
    case 'sub-orchestration':
      return [
        scheduled.id,
        'sub-orchestration',
        scheduled.name,
        scheduled.instanceId,
        JSON.parse(scheduled.input ?? 'null'),
      ];
    case 'timer':
      return [scheduled.id, 'timer', scheduled.fireAt.toISOString()];
  }
}

function decisions(decision: Decision, where: string): unknown[] {
  if (decision.kind !== 'decided') assert.fail(`${where}: ${JSON.stringify(decision)}`);
  const { replay: result, output } = decision;
  const end = result.isComplete ? [['end', 'Completed', JSON.parse(output.output ?? 'null')]] : [];
  return [...result.scheduled.map(asked), ...end];
}

for (const [name, histories] of recordedHistories()) {
  test(`histories of "${name}": every episode decides today what it decided then`, async () => {
    let episodes = 0;
    for (const history of histories)
      for (const episode of episodesOf(history)) {
        const where = `${history.instanceId}, episode at ${episode.at}`;
        assert.deepEqual(
          decisions(await replay(history, episode), where),
          episode.decided.map(recorded),
          where,
        );
        episodes++;
      }
    assert.ok(episodes > 50, `${episodes} episodes`);
    assert.deepEqual([...new Set(histories.map((history) => history.name))].sort(), [...names].sort());
  });

  for (const change of changes)
    test(`histories of "${name}": an orchestration that changed its ${change} is caught`, async () => {
      for (const orchestration of names) {
        const history = histories.find((one) => one.name === orchestration && episodesOf(one).length > 1);
        const episode = history && episodesOf(history)[1];
        assert.ok(history && episode, orchestration);
        const decision = await replay(history, episode, `${orchestration}-changed-${change}`);
        assert.equal(decision.kind, 'failed', orchestration);
        if (decision.kind === 'failed')
          assert.match(decision.failure.reason, /The history has the (activity|sub)/);
      }
    });
}
