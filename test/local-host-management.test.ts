import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Status, withHost } from './local-host/harness.ts';

test('the unmodified durable client starts, asks, raises, suspends, resumes, terminates and purges', () =>
  withHost(async (host) => {
    assert.deepEqual(await host.client('start', 'one', { name: 'race', input: 60_000 }), {
      status: 200,
      body: 'one',
    });
    await host.until('one', ({ customStatus }) => customStatus !== null);
    const asked = (await host.client('status', 'one')).body as Status;
    assert.equal(asked.runtimeStatus, 'Running');
    assert.equal(asked.input, 60_000);
    await host.client('raise', 'one', { event: 'go', data: 'x' });
    assert.deepEqual((await host.done('one')).output, { event: 'x' });
    const listed = (await host.client('list', 'one')).body as Status[];
    assert.deepEqual(
      listed.map(({ instanceId }) => instanceId),
      ['one'],
    );
    assert.deepEqual((await host.client('purge', 'one')).body, { instancesDeleted: 1 });
    assert.deepEqual((await host.client('purge', 'one')).body, { instancesDeleted: 0 });
    await host.client('start', 'two', { name: 'waits' });
    await host.client('terminate', 'two', { reason: 'enough' });
    assert.equal((await host.done('two')).output, 'enough');
    const check = await host.client('check', 'two');
    assert.equal(check.status, 202);
    const { statusQueryGetUri } = check.body as { statusQueryGetUri: string };
    assert.equal(((await (await fetch(statusQueryGetUri)).json()) as Status).instanceId, 'two');
  }));

test('a suspended instance keeps what comes until it is resumed', () =>
  withHost(async (host) => {
    await host.client('start', 'one', { name: 'waits' });
    await host.client('suspend', 'one');
    await host.until('one', ({ runtimeStatus }) => runtimeStatus === 'Suspended');
    await host.client('raise', 'one', { event: 'go', data: 'x' });
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal((await host.status('one')).runtimeStatus, 'Suspended');
    await host.client('resume', 'one');
    assert.equal((await host.done('one')).output, 'went');
  }));

test('an id in use is refused with 409; the id of an ended instance may be used again', () =>
  withHost(async (host) => {
    assert.equal((await host.start('waits', 'same')).status, 202);
    const refused = await host.start('waits', 'same');
    assert.equal(refused.status, 409);
    assert.match(await refused.text(), /'same' is there already/);
    await host.manage('instances/same/terminate?reason=r', { method: 'POST' });
    await host.done('same');
    assert.equal((await host.run('fanOut', 'same', 2)).output, 5);
    const restarted = await host.manage('instances/same/restart?restartWithNewInstanceId=false', {
      method: 'POST',
    });
    assert.equal(restarted.status, 202);
    assert.equal((await host.done('same')).output, 5);
  }));

test('bad requests are answered as such', () =>
  withHost(async (host) => {
    assert.equal((await host.start('nobody', 'x')).status, 400);
    assert.equal((await host.start('waits', '@x')).status, 400);
    assert.equal((await host.manage('orchestrators/waits/x', { method: 'POST', body: '{' })).status, 400);
    assert.equal((await host.manage('instances/none')).status, 404);
    assert.equal((await host.manage('instances/none/raiseEvent/go', { method: 'POST' })).status, 404);
    assert.equal((await host.manage('entities/e/k')).status, 501);
    assert.equal((await host.manage('instances/%ff')).status, 400);
    await host.start('waits', 'w');
    assert.equal((await host.manage('instances/w/raiseEvent/go', { method: 'POST', body: '1' })).status, 400);
    assert.equal((await host.manage('instances/w/rewind?reason=r', { method: 'POST' })).status, 501);
    assert.equal((await host.manage('instances/?createdTimeFrom=x', { method: 'DELETE' })).status, 400);
    assert.equal(
      (await host.manage('instances/w', { headers: { origin: 'http://evil.example' } })).status,
      403,
    );
    assert.equal(
      (await host.manage('instances/w', { headers: { 'sec-fetch-site': 'cross-site' } })).status,
      403,
    );
  }));

test('instances are found by status, time and prefix, page by page, and purged by time only when they ended', () =>
  withHost(async (host) => {
    for (let index = 0; index < 5; index++) await host.run('fanOut', `p-${index}`, 1);
    await host.start('waits', 'p-running');
    await host.until('p-running', ({ runtimeStatus }) => runtimeStatus === 'Running');
    const found: string[] = [];
    let token = '';
    do {
      const response = await host.manage(
        'instances/?top=2&instanceIdPrefix=p-&runtimeStatus=Completed,Failed',
        {
          headers: token === '' ? {} : { 'x-ms-continuation-token': token },
        },
      );
      found.push(...((await response.json()) as Status[]).map(({ instanceId }) => instanceId));
      token = response.headers.get('x-ms-continuation-token') ?? '';
    } while (token !== '');
    assert.deepEqual(found, ['p-0', 'p-1', 'p-2', 'p-3', 'p-4']);
    const future = await host.manage('instances/?createdTimeFrom=2999-01-01T00:00:00Z');
    assert.deepEqual(await future.json(), []);
    const hidden = (await (await host.manage('instances/?showInput=false')).json()) as Status[];
    assert.ok(hidden.every(({ input }) => input === null));
    const purged = await host.manage('instances/?createdTimeFrom=2000-01-01T00:00:00Z', { method: 'DELETE' });
    assert.deepEqual(await purged.json(), { instancesDeleted: 5 });
    assert.equal((await host.status('p-running')).runtimeStatus, 'Running');
  }));

test('the management API is for who has its key', () =>
  withHost(async (host) => {
    await host.client('start', 'one', { name: 'waits' });
    const { origin } = new URL(host.host.url);
    const paths = [
      '/runtime/webhooks/durabletask/instances',
      '/runtime/webhooks/durabletask/instances/one?code=wrong',
      '/runtime/webhooks/durabletask/instances/one/terminate?reason=r&code=',
      '/durabletask/instances/one/terminate?reason=r',
      '/durabletask/',
      '/durabletask/wrong/orchestrators/waits/two',
    ];
    for (const path of paths)
      for (const method of ['GET', 'POST', 'DELETE'])
        assert.equal((await fetch(origin + path, { method })).status, 401, `${method} ${path}`);
    const { body } = await host.client('check', 'one');
    const { statusQueryGetUri } = body as { statusQueryGetUri: string };
    assert.equal(((await (await fetch(statusQueryGetUri)).json()) as Status).runtimeStatus, 'Running');
    const keyless = new URL(statusQueryGetUri);
    keyless.searchParams.delete('code');
    assert.equal((await fetch(keyless)).status, 401);
  }));
