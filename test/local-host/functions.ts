import { app } from '@azure/functions';
import * as df from 'durable-functions';
import { control } from './control.ts';

/** A small function app for the tests of the local host. It uses the packages as the product does. */

df.app.activity('square', {
  handler: async (value: number) => {
    control.note('square', value);
    await new Promise((resolve) => setTimeout(resolve, 5));
    return value * value;
  },
});
df.app.activity('echo', { handler: (value: unknown) => value ?? 'nothing' });
df.app.activity('explode', {
  handler: (text: string) => {
    throw new Error(text);
  },
});
df.app.activity('pollCancel', {
  handler: async () => {
    while (!control.isCancelled) await new Promise((resolve) => setTimeout(resolve, 5));
    return 'cancelled';
  },
});
df.app.activity('slow', {
  handler: async (milliseconds: number) => {
    control.note('slow', milliseconds);
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return milliseconds;
  },
});
df.app.activity('gate', {
  handler: async (name: string) => {
    control.note('gate', name);
    const call = control.taken('gate').length;
    await control.gate;
    return `${name} ${call}`;
  },
});

df.app.orchestration('fanOut', function* (context) {
  const count = context.df.getInput() as number;
  const tasks = Array.from({ length: count }, (_, index) => context.df.callActivity('square', index + 1));
  const squares: number[] = yield context.df.Task.all(tasks);
  return squares.reduce((sum, square) => sum + square, 0);
});

df.app.orchestration('family', function* (context) {
  const children = [2, 3].map((count) => context.df.callSubOrchestrator('fanOut', count));
  const sums: number[] = yield context.df.Task.all(children);
  const named: number = yield context.df.callSubOrchestrator('fanOut', 1, `${context.df.instanceId}-named`);
  return [...sums, named];
});

df.app.orchestration('catches', function* (context) {
  try {
    yield context.df.callActivity('explode', 'boom');
  } catch (error) {
    return `caught: ${(error as Error).message.split('\n')[0]?.trim()}`;
  }
});

df.app.orchestration('fails', function* (context) {
  yield context.df.callActivity('explode', 'boom');
});

df.app.orchestration('failingChild', function* (context) {
  try {
    yield context.df.callSubOrchestrator('fails');
  } catch (error) {
    return `caught: ${(error as Error).message.split('\n')[0]?.trim()}`;
  }
});

df.app.orchestration('inputs', function* (context) {
  const values: unknown[] = ['text', '5', 5, 1.5, { at: '2026-01-02T03:04:05.600Z' }, [1, 'b'], '', null];
  const results: unknown[] = [];
  for (const value of values) results.push(yield context.df.callActivity('echo', value));
  return { input: context.df.getInput(), results };
});

df.app.orchestration('race', function* (context) {
  const waitMs = context.df.getInput() as number;
  const timer = context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + waitMs));
  const event = context.df.waitForExternalEvent('go');
  context.df.setCustomStatus({ waiting: true });
  const winner: df.Task = yield context.df.Task.any([event, timer]);
  if (winner === timer) return 'timer';
  timer.cancel();
  return { event: event.result };
});

/** Leaves its timer open, so Azure keeps it running until the timer has fired. */
df.app.orchestration('openTimer', function* (context) {
  const timer = context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 400));
  yield context.df.Task.any([context.df.callActivity('echo', 1), timer]);
  return 'done';
});

df.app.orchestration('adder', function* (context) {
  const { left, sum } = context.df.getInput() as { left: number; sum: number };
  if (left === 0) return sum;
  const value: number = yield context.df.waitForExternalEvent('add');
  yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 1));
  context.df.continueAsNew({ left: left - 1, sum: sum + value });
});

df.app.orchestration('addsAtOnce', function* (context) {
  const { left, sum } = context.df.getInput() as { left: number; sum: number };
  if (left === 0) return sum;
  const value: number = yield context.df.waitForExternalEvent('add');
  context.df.continueAsNew({ left: left - 1, sum: sum + value });
});

/** The pattern that loops without end in Azure. */
df.app.orchestration('trap', function* (context) {
  const timer = context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 60_000));
  const event = context.df.waitForExternalEvent('go');
  yield context.df.Task.any([event, timer]);
  timer.cancel();
  context.df.continueAsNew(1);
});

/** The way around it. */
df.app.orchestration('wayAround', function* (context) {
  const seen = context.df.getInput() as number[];
  if (seen.length === 3) return seen;
  const timer = context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 60_000));
  const event = context.df.waitForExternalEvent('go');
  yield context.df.Task.any([event, timer]);
  timer.cancel();
  yield context.df.callActivity('echo', 1);
  context.df.continueAsNew([...seen, event.result as number]);
});

df.app.orchestration('reuse', function* (context) {
  const timer = context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 50));
  for (let count = 0; count < 2; count++) {
    yield context.df.Task.any([context.df.callActivity('echo', count), timer]);
  }
  yield timer;
});

/** What it asks for depends on a switch outside, which no orchestrator may do. */
df.app.orchestration('fickle', function* (context) {
  const variant = control.variant;
  if (variant === 'order') yield context.df.waitForExternalEvent('never');
  if (variant === 'type') yield context.df.createTimer(context.df.currentUtcDateTime);
  yield context.df.callActivity(variant === 'name' ? 'square' : 'echo', 1);
  yield context.df.waitForExternalEvent('go');
  return 'done';
});

df.app.orchestration('waits', function* (context) {
  yield context.df.waitForExternalEvent('go');
  return 'went';
});

df.app.orchestration('runsUntilCancelled', function* (context) {
  return yield context.df.callActivity('pollCancel');
});

df.app.orchestration('callsGate', function* (context) {
  return yield context.df.callActivity('gate', context.df.instanceId);
});

df.app.orchestration('callsUnknown', function* (context) {
  yield context.df.callActivity('nowhere');
});

df.app.orchestration('callsSlow', function* (context) {
  return yield context.df.callActivity('slow', context.df.getInput());
});

df.app.orchestration('longTimer', function* (context) {
  const start = context.df.currentUtcDateTime.getTime();
  yield context.df.createTimer(new Date(start + 8 * 86_400_000));
  return yield context.df.callActivity(
    'echo',
    (context.df.currentUtcDateTime.getTime() - start) / 86_400_000,
  );
});

df.app.orchestration('retries', function* (context) {
  yield context.df.callActivityWithRetry('echo', new df.RetryOptions(1000, 2), 1);
});

/** Some of everything: the subject of the tests that kill the host. */
df.app.orchestration('journey', function* (context) {
  const round = context.df.getInput() as { left: number; log: unknown[] };
  const squares: number[] = yield context.df.Task.all([
    context.df.callActivity('square', 2),
    context.df.callActivity('square', 3),
  ]);
  yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 5));
  const child: number = yield context.df.callSubOrchestrator('fanOut', 2);
  let failure = '';
  try {
    yield context.df.callActivity('explode', 'boom');
  } catch (error) {
    failure = (error as Error).message.split('\n')[0] ?? '';
  }
  const log = [...round.log, squares, child, failure];
  if (round.left === 0) return log;
  context.df.continueAsNew({ left: round.left - 1, log });
});

app.http('echoRequest', {
  methods: ['GET', 'POST', 'HEAD'],
  route: 'echo/{id}/{tail?}',
  handler: async (request) => {
    const bytes = Buffer.from(await request.arrayBuffer());
    return {
      status: 201,
      headers: { 'x-custom': 'yes' },
      cookies: [{ name: 'c', value: '1', httpOnly: true }],
      jsonBody: {
        params: request.params,
        query: Object.fromEntries(request.query),
        header: request.headers.get('x-in'),
        url: request.url,
        sha: bytes.toString('hex').slice(0, 32),
        length: bytes.length,
      },
    };
  },
});
app.http('files', {
  methods: ['GET'],
  route: 'files/{*path}',
  handler: (r) => ({ body: `rest=${r.params.path ?? ''}` }),
});
app.http('bytes', { route: 'bytes', handler: () => ({ body: new Uint8Array([0, 255, 1, 254]) }) });
app.http('stream', {
  route: 'stream',
  handler: () => ({ body: new Blob(['a', 'b', 'c']).stream() }),
});
app.http('silent', { route: 'silent', handler: () => ({}) });
app.http('throws', {
  route: 'throws',
  handler: () => {
    throw new Error('secret text');
  },
});

/** Calls the unmodified DurableClient. */
df.app.client.http('client', {
  methods: ['POST'],
  route: 'client/{operation}/{id}',
  handler: async (request, client) => {
    const { operation, id = '' } = request.params;
    const body = (await request.json()) as Record<string, unknown>;
    switch (operation) {
      case 'start':
        return { jsonBody: await client.startNew(String(body.name), { instanceId: id, input: body.input }) };
      case 'status':
        return { jsonBody: await client.getStatus(id, { showHistory: true, showInput: true }) };
      case 'raise':
        return { jsonBody: (await client.raiseEvent(id, String(body.event), body.data)) ?? null };
      case 'terminate':
        return { jsonBody: (await client.terminate(id, String(body.reason))) ?? null };
      case 'suspend':
        return { jsonBody: (await client.suspend(id, 'r')) ?? null };
      case 'resume':
        return { jsonBody: (await client.resume(id, 'r')) ?? null };
      case 'rewind':
        return { jsonBody: (await client.rewind(id, 'r')) ?? null };
      case 'purge':
        return { jsonBody: await client.purgeInstanceHistory(id) };
      case 'list':
        return {
          jsonBody: await client.getStatusBy({ runtimeStatus: [df.OrchestrationRuntimeStatus.Completed] }),
        };
      case 'check':
        return client.createCheckStatusResponse(request, id);
      default:
        return { status: 400 };
    }
  },
});

app.timer('tick', {
  schedule: '0 0 3 * * *',
  handler: (timer, context) => {
    control.note('tick', { isPastDue: timer.isPastDue, last: timer.scheduleStatus?.last ?? null });
    context.warn('ticked');
  },
});
app.timer('everySecond', {
  schedule: '* * * * * *',
  handler: async () => {
    control.note('everySecond', 'begin');
    await new Promise((resolve) => setTimeout(resolve, 1200));
    control.note('everySecond', 'end');
  },
});
