import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EpisodeContext, runEpisode } from '../infra/local/host/durable/episode.ts';
import { DurableFunctions } from '../infra/local/host/durable/functions.ts';
import { type HistoryEvent, historyEvent } from '../infra/local/host/durable/history.ts';
import { type InstanceRow, startedEvent } from '../infra/local/host/durable/store.ts';
import { catalogFunctions } from '../infra/local/host/function-catalog.ts';
import { loadFunctions } from '../infra/local/host/load-functions.ts';
import { silentLog } from '../shared/log.ts';
import { functionFiles } from './local-host/harness.ts';

const day = 86_400_000;

test('a timer of eight days is made of shorter ones, and what follows it keeps its id', async () => {
  const functions = new DurableFunctions(catalogFunctions(await loadFunctions(functionFiles)));
  const context: EpisodeContext = { functions, log: silentLog, functionTimeoutMs: undefined };
  const start = Date.parse('2026-05-01T00:00:00Z');
  const instance: InstanceRow = {
    instance_id: 'i',
    execution_id: 'e',
    version: 0,
    name: 'longTimer',
    status: 'Running',
    input: null,
    output: null,
    custom_status: null,
    created_at: '',
    updated_at: '',
    parent: null,
  };
  const history: HistoryEvent[] = [];
  let next = startedEvent({ instanceId: 'i', name: 'longTimer', input: null, parent: undefined }, 'e', '');
  let now = start;
  const timers: number[] = [];
  for (;;) {
    const messages = [{ seq: 0, executionId: 'e', event: next }];
    const decision = await runEpisode(instance, history, messages, new Date(now), context);
    assert.equal(decision.kind, 'decided');
    if (decision.kind !== 'decided') return;
    const [scheduled] = decision.replay.scheduled;
    history.push(...decision.events);
    if (scheduled?.kind === 'activity') {
      assert.equal(scheduled.id, 3);
      assert.equal(scheduled.input, '[8]');
      break;
    }
    assert.equal(scheduled?.kind, 'timer');
    if (scheduled?.kind !== 'timer') return;
    const FireAt = scheduled.fireAt.toISOString();
    history.push(historyEvent('TimerCreated', { FireAt }, FireAt, scheduled.id));
    now = scheduled.fireAt.getTime();
    timers.push((now - start) / day);
    next = historyEvent('TimerFired', { TimerId: scheduled.id, FireAt }, FireAt);
  }
  assert.deepEqual(timers, [3, 6, 8]);
});
