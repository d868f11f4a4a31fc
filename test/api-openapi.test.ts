import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { createApi } from '../shared/api/app.ts';
import { openApiDocument } from '../shared/api/openapi.ts';
import { operations } from '../shared/api/operations.ts';
import { as } from './support/principals.ts';
import { makeWorkbench } from './support/workbench.ts';

interface Described {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}

const methods = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'trace'];

function described(document: Record<string, unknown>): { route: string; operation: Described }[] {
  return Object.entries(document.paths as Record<string, Record<string, Described>>).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => methods.includes(method))
      .map(([method, operation]) => ({ route: `${method.toUpperCase()} ${path}`, operation })),
  );
}

test('the document is valid OpenAPI 3.1', async () => {
  const document = openApiDocument(operations, { version: '1' });
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(errors));
  assert.equal(validator.version, '3.1');
  // A validator of schemas does not follow references.
  const names = Object.keys((document.components as { schemas: object }).schemas);
  for (const [, name = ''] of JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g))
    assert.ok(names.includes(name.replace('#/components/schemas/', '')), name);
  for (const name of names) assert.match(name, /^[A-Za-z0-9]+$/);
  for (const name of ['Run', 'Problem', 'Settings', 'SettingsInput', 'Site', 'Destination', 'Schedule'])
    assert.ok(names.includes(name), name);
});

test('what the document describes has a route, and every route is described', () => {
  const document = openApiDocument(operations, { version: '1' });
  const inDocument = described(document).map(({ route }) => route);
  const routes = createApi()
    .routes.filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)(\{.*?\})?/g, '{$1}')}`)
    // The liveness check is asked by machines, before anybody can have a token.
    .filter((route) => route !== 'GET /api/health');
  assert.deepEqual(inDocument.toSorted(), [...new Set(routes)].toSorted());
  const ids = operations.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const { route, operation } of described(document))
    assert.deepEqual(
      (operation.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name),
      [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
      route,
    );
});

test('every operation is reached under the address that the document gives, and by nobody without a role', async (t) => {
  const { services } = makeWorkbench(t);
  const api = createApi();
  const starter = { start: async () => {}, isGoing: async () => false };
  for (const { route } of described(openApiDocument(operations, { version: '1' }))) {
    const [method = '', path = ''] = route.split(' ');
    const url = `http://127.0.0.1${path.replaceAll(/\{\w+\}/g, 'x')}`;
    const answer = await api.fetch(new Request(url, { method }), { services, starter, authenticate: as() });
    assert.equal(answer.status, 403, route);
  }
});

test('the document and its page are given to readers, and the page runs nothing', async (t) => {
  const { services } = makeWorkbench(t);
  const api = createApi();
  const starter = { start: async () => {}, isGoing: async () => false };
  const read = (path: string) =>
    api.fetch(new Request(`http://127.0.0.1/api${path}`), { services, starter, authenticate: as('Reader') });
  const document = (await (await read('/openapi.json')).json()) as Record<string, unknown>;
  assert.deepEqual(
    described(document).map(({ operation }) => operation.operationId),
    described(openApiDocument(operations, { version: '1' })).map(({ operation }) => operation.operationId),
  );
  const page = await read('/docs');
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
  const policy = page.headers.get('content-security-policy') ?? '';
  assert.match(policy, /^default-src 'none'; style-src 'sha256-/);
  assert.doesNotMatch(policy, /unsafe|https?:|\*/);
  const html = await page.text();
  assert.doesNotMatch(
    html,
    /<(script|link|img|iframe|object|base)|<[^>]*\s(on\w+|style|src)=|@import|url\(/i,
  );
  const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? '';
  assert.ok(policy.includes(createHash('sha256').update(style).digest('base64')), 'its style is allowed');
  for (const { operation } of described(document))
    assert.ok(html.includes(`id="operation-${operation.operationId.toLowerCase()}"`), operation.operationId);
  const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const [, place = ''] of html.matchAll(/href="([^"]+)"/g))
    assert.ok(place === 'openapi.json' || ids.includes(place.replace('#', '')), place);
});
