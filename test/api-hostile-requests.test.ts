import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testDestination } from '../shared/api/destination-test.ts';
import { transfersOf } from '../shared/api/pull-transfers.ts';
import { queryOf } from '../shared/api/read-request.ts';
import { makeWorkbench } from './support/workbench.ts';

test('a name of the query that means something to JavaScript is kept, so that it is refused as unknown', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty'])
    assert.deepEqual(Object.keys(queryOf(`http://127.0.0.1/api/runs?${name}=1`)), [name]);
  assert.throws(() => queryOf('http://127.0.0.1/api/runs?__proto__=1&__proto__=2'), /give it once/);
});

test('a site, destination or data type that is named twice is pulled once', (t) => {
  const { settings } = makeWorkbench(t);
  const [site, destination] = [settings.sites[0], settings.destinations[0]];
  assert.ok(site && destination);
  const wanted = { sites: [site.id], destinations: [destination.id], dataTypes: ['session-data'] as const };
  const twice = {
    sites: [site.id, site.id],
    destinations: [destination.id, destination.id],
    dataTypes: ['session-data', 'session-data'] as const,
  };
  assert.deepEqual(transfersOf(settings, twice), transfersOf(settings, wanted));
});

test('a destination of a package that cannot be used is refused in one sentence', async (t) => {
  const { services } = makeWorkbench(t);
  for (const plugin of ['npm:../../x', 'npm:there-is-no-such-package', 'other'])
    await assert.rejects(
      testDestination(services, { id: 'b', name: 'B', plugin, settings: {} }),
      /: plugin: [^\n]*[^.]\.$/,
    );
});
