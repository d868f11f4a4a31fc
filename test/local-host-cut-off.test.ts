import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { HttpRoutes } from '../infra/local/host/http-routes.ts';
import { HttpServer } from '../infra/local/host/http-server.ts';
import type { ManagementKey } from '../infra/local/host/management-key.ts';
import type { Log } from '../shared/log.ts';

test('a client that hangs up in the midst of its request is no error of the host', async (t) => {
  const told: string[] = [];
  let tell = () => {};
  const one = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const line = (level: string) => (message: string) => {
    told.push(`${level}: ${message}`);
    tell();
  };
  const log: Log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
  const unused = () => assert.fail('the request never came whole');
  const server = new HttpServer({
    port: 0,
    log,
    routes: { match: unused } as unknown as HttpRoutes,
    managementKey: { read: unused } as unknown as ManagementKey,
    invoke: unused,
    manage: unused,
  });
  await server.listen();
  t.after(() => server.close());
  const client = connect(server.port, '127.0.0.1');
  const head = `POST /api/pulls HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Length: 100\r\n\r\n{"sites`;
  client.write(head, () => client.destroy());
  await one;
  assert.deepEqual(told, ['debug: A client hung up in the midst of its request']);
});
