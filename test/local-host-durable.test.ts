import assert from 'node:assert/strict';
import { test } from 'node:test';
import { control } from './local-host/control.ts';
import { withHost } from './local-host/harness.ts';

for (const delivery of ['once', 'twice-overlapping'] as const) {
  test(`orchestrations give the same results with messages delivered ${delivery}`, () =>
    withHost(
      async (host) => {
        const [fan, family, caught, child, journey] = await Promise.all([
          host.run('fanOut', 'fan', 5),
          host.run('family', 'family'),
          host.run('catches', 'catches'),
          host.run('failingChild', 'failing-child'),
          host.run('journey', 'journey', { left: 1, log: [] }),
        ]);
        assert.equal(fan.output, 55);
        assert.deepEqual(family.output, [5, 14, 1]);
        assert.equal(caught.output, "caught: Activity function 'explode' failed:  boom");
        assert.equal(
          child.output,
          "caught: Orchestrator function 'fails' failed: Activity function 'explode' failed:  boom",
        );
        const round = [[4, 9], 5, "Activity function 'explode' failed:  boom "];
        assert.deepEqual(journey.output, [...round, ...round]);
        await host.host.idle();
        const calls = control.taken('square').length;
        assert.equal(calls, delivery === 'once' ? 5 + 5 + 1 + 8 : 2 * (5 + 5 + 1 + 8));
        const discarded = host.log.lines.filter(({ message }) => message.startsWith('episode discarded'));
        assert.equal(discarded.length > 0, delivery !== 'once');
      },
      { delivery },
    ));
}

test('a history holds each scheduled task once and each answer once, however often they were delivered', () =>
  withHost(
    async (host) => {
      await host.run('fanOut', 'fan', 3);
      const { historyEvents } = await host.status('fan', '?showHistory=true&showHistoryOutput=true');
      assert.deepEqual(
        historyEvents?.map((event) => event.EventType),
        ['ExecutionStarted', 'TaskCompleted', 'TaskCompleted', 'TaskCompleted', 'ExecutionCompleted'],
      );
      const results = historyEvents?.filter((event) => event.EventType === 'TaskCompleted');
      assert.deepEqual(new Set(results?.map((event) => event.Result)), new Set([1, 4, 9]));
      assert.ok(
        results?.every((event) => event.FunctionName === 'square' && event.ScheduledTime !== undefined),
      );
    },
    { delivery: 'twice-overlapping' },
  ));

test('inputs and results keep their types on the way to an activity and back', () =>
  withHost(async (host) => {
    const { output } = await host.run('inputs', 'inputs', 'abc');
    assert.deepEqual(output, {
      input: 'abc',
      results: ['text', '5', 5, 1.5, { at: '2026-01-02T03:04:05.600Z' }, [1, 'b'], '', 'nothing'],
    });
  }));

test('a failed orchestrator shows the reason and not a stack', () =>
  withHost(async (host) => {
    const status = await host.run('fails', 'fails');
    assert.equal(status.runtimeStatus, 'Failed');
    assert.match(
      String(status.output),
      /^Orchestrator function 'fails' failed: Activity function 'explode' failed: {2}boom/,
    );
  }));

test('an event beats a timer that is cancelled, and a timer beats an event that does not come', () =>
  withHost(async (host) => {
    await host.start('race', 'event', 60_000);
    await host.until('event', (status) => status.customStatus !== null);
    assert.deepEqual((await host.status('event')).customStatus, { waiting: true });
    assert.equal(await host.raise('event', 'go', { n: 1 }), 202);
    assert.deepEqual((await host.done('event')).output, { event: { n: 1 } });
    assert.equal((await host.run('race', 'timer', 30)).output, 'timer');
    await host.host.idle();
    assert.equal(await host.raise('event', 'go', 2), 410);
  }));

test('an orchestration with a timer left open ends only when the timer has fired, as in Azure', () =>
  withHost(async (host) => {
    const begin = Date.now();
    assert.equal((await host.run('openTimer', 'open')).output, 'done');
    assert.ok(Date.now() - begin >= 400);
  }));

test('events that come while an orchestration continues as new reach the next generation', () =>
  withHost(async (host) => {
    await host.start('adder', 'adder', { left: 3, sum: 0 });
    for (const value of [1, 10, 100]) {
      await host.raise('adder', 'add', value);
      const left = 3 - String(value).length;
      await host.until(
        'adder',
        ({ input, runtimeStatus }) =>
          (input as { left: number }).left === left || runtimeStatus === 'Completed',
      );
    }
    assert.equal((await host.done('adder')).output, 111);
    await host.start('addsAtOnce', 'at-once', { left: 3, sum: 0 });
    await Promise.all([1, 10, 100].map((value) => host.raise('at-once', 'add', value)));
    assert.equal((await host.done('at-once')).output, 111);
    await host.host.idle();
  }));

test('events no one waits for are dropped by continue-as-new, as in Azure, and the log says so', () =>
  withHost(async (host) => {
    await host.start('addsAtOnce', 'drop', { left: 1, sum: 0 });
    await host.raise('drop', 'other', 1);
    await host.until('drop', ({ runtimeStatus }) => runtimeStatus === 'Running');
    await host.raise('drop', 'add', 5);
    assert.equal((await host.done('drop')).output, 5);
    assert.ok(host.log.lines.some(({ level, fields }) => level === 'warn' && fields.events === 'other'));
  }));

test('what would loop or go wrong in Azure fails here with the reason', () =>
  withHost(async (host) => {
    await host.start('trap', 'trap');
    await host.raise('trap', 'go', 1);
    assert.match(String((await host.done('trap')).output), /again after continueAsNew/);
    assert.match(String((await host.run('reuse', 'reuse')).output), /more than one Task\.any/);
    assert.match(String((await host.run('retries', 'retries')).output), /retries live in activities/);
    assert.match(String((await host.run('callsUnknown', 'unknown')).output), /'nowhere' doesn't exist/);
  }));

test('with an activity before continue-as-new an event that beat a cancelled timer is delivered once', () =>
  withHost(async (host) => {
    await host.start('wayAround', 'around', []);
    for (const value of [1, 2, 3]) {
      await host.until('around', ({ input }) => (input as number[]).length === value - 1);
      await host.raise('around', 'go', value);
    }
    assert.deepEqual((await host.done('around')).output, [1, 2, 3]);
    await host.host.idle();
  }));

for (const variant of ['order', 'type', 'name'] as const) {
  test(`an orchestrator that changed its ${variant} is caught on replay`, () =>
    withHost(async (host) => {
      await host.start('fickle', variant);
      await host.untilHistory(variant, 'TaskCompleted');
      control.variant = variant;
      await host.raise(variant, 'go', 1);
      const { runtimeStatus, output } = await host.done(variant);
      assert.equal(runtimeStatus, 'Failed');
      assert.match(String(output), /The history has the activity "echo" with id 0/);
    }));
}

test('an activity that polls a cancel flag ends when it is set', () =>
  withHost(async (host) => {
    await host.start('runsUntilCancelled', 'cancel');
    await host.until('cancel', ({ runtimeStatus }) => runtimeStatus === 'Running');
    control.isCancelled = true;
    assert.equal((await host.done('cancel')).output, 'cancelled');
  }));

test('terminating ends the instance; a late result is dropped', () =>
  withHost(async (host) => {
    let open = () => {};
    control.gate = new Promise((resolve) => {
      open = resolve;
    });
    await host.start('callsGate', 'gated');
    while (control.taken('gate').length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const answer = await host.manage('instances/gated/terminate?reason=enough', { method: 'POST' });
    assert.equal(answer.status, 202);
    const ended = await host.done('gated');
    assert.equal(ended.runtimeStatus, 'Terminated');
    assert.equal(ended.output, 'enough');
    open();
    await host.host.idle();
    assert.equal((await host.status('gated')).runtimeStatus, 'Terminated');
    assert.equal((await host.manage('instances/gated/terminate', { method: 'POST' })).status, 410);
  }));

test('a late result of an ended instance is not taken for one of the next instance with its id', () =>
  withHost(async (host) => {
    let open = () => {};
    control.gate = new Promise((resolve) => {
      open = resolve;
    });
    const called = async (times: number) => {
      while (control.taken('gate').length < times) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await host.start('callsGate', 'again');
    await called(1);
    await host.manage('instances/again/terminate?reason=r', { method: 'POST' });
    await host.done('again');
    await host.start('callsGate', 'again');
    await called(2);
    open();
    assert.equal((await host.done('again')).output, 'again 2');
  }));

test('a payload that should be a reference is warned of', () =>
  withHost(async (host) => {
    await host.run('inputs', 'large', 'x'.repeat(20_000));
    const warned = host.log.lines.filter(
      ({ level, message }) => level === 'warn' && message.startsWith('payload'),
    );
    assert.deepEqual(
      warned.map(({ fields }) => fields.what),
      ['input', 'output'],
    );
  }));

test('no more activities and orchestrators run at once than host.json allows', () =>
  withHost(async (host) => {
    let open = () => {};
    control.gate = new Promise((resolve) => {
      open = resolve;
    });
    await Promise.all(Array.from({ length: 7 }, (_, index) => host.start('callsGate', `g${index}`)));
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.equal(control.taken('gate').length, 4);
    open();
    await host.host.idle();
    assert.equal(control.taken('gate').length, 7);
  }));

test('an activity that takes longer than functionTimeout fails and is logged', () =>
  withHost(
    async (host) => {
      const { runtimeStatus, output } = await host.run('callsSlow', 'slow', 500);
      assert.equal(runtimeStatus, 'Failed');
      assert.match(String(output), /exceeded functionTimeout/);
      assert.ok(
        host.log.lines.some(({ level, message }) => level === 'error' && /functionTimeout/.test(message)),
      );
    },
    { hostJson: { version: '2.0', functionTimeout: '00:00:00.100' } },
  ));
