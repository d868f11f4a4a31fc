import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import type { Destination, FileItem, FileSink, SessionSink } from '../shared/destinations/destination.ts';
import { guardPlugin } from '../shared/destinations/guarded-plugin.ts';
import { loadPackage } from '../shared/destinations/load-package.ts';
import type { PackagedPlugin } from '../shared/destinations/packaged-plugin.ts';
import { Failure } from '../shared/errors.ts';
import { silentLog } from '../shared/log.ts';
import { loadSettings, saveSettings } from '../shared/settings/settings-store.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import { rsOrigin, rsSession, version } from './contract/session-sink-fixtures.ts';
import { keywords, pluginPackages } from './support/plugin-packages.ts';

const packages = pluginPackages();
after(() => packages.remove());

/** A plugin that is right, as a module's text, with something else in it. */
const text = (change = '') =>
  `const plugin = { contract: 1, id: 'fine', title: 'Fine', takes: { sessions: true, files: true },
    settings: { safeParse: (input) => ({ success: true, data: input ?? {} }) },
    place: () => 'somewhere', open: async () => ({}), ${change} };\n`;
const exported = (change?: string) => `${text(change)}export { plugin };`;

const refusal = (name: string, words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Failure, String(error));
  assert.deepEqual([error.kind, error.code], ['terminal', 'plugin-unusable']);
  assert.ok(error.message.includes(`"${name}"`) && !error.message.includes('\n'), error.message);
  assert.match(error.message, words);
  return true;
};

test('a package may export its plugin by name, as default, or as a CommonJS module', async () => {
  packages.add('by-name', exported());
  packages.add('as-default', `${text()}export default plugin;`);
  packages.add('in-default', `${text()}export default { plugin };`);
  packages.add('common', `${text()}module.exports = plugin;`, { keywords, type: 'commonjs' });
  packages.add('@scope/of-somebody', exported());
  packages.add('built', exported(), { keywords, exports: './built/module/index.js' });
  packages.add('built/built', '', { name: undefined, exports: undefined });
  packages.add('built/built/module', exported(), { name: undefined, exports: undefined });
  for (const name of ['by-name', 'as-default', 'in-default', 'common', '@scope/of-somebody', 'built'])
    assert.equal((await loadPackage(name, ['file', 'sql'])).id, 'fine', name);
});

test('a package that cannot be used is refused with one line that names it', async () => {
  const bad: Readonly<Record<string, readonly [module: string | undefined, words: RegExp]>> = {
    'is-missing': [undefined, /not installed.*dependencies/],
    'throws-at-import': ['throw new Error("no\\nsuch library");', /loading it failed: no\.$/],
    'has-bad-syntax': ['export const plugin = {', /loading it failed/],
    'needs-another': ['import "nowhere-to-be-found"; export const plugin = 1;', /nowhere-to-be-found/],
    'never-loads': ['await new Promise(() => {});', /took more than 0\.3 s/],
    'exports-nothing': ['export const other = 1;', /exports no `plugin`/],
    'of-another-version': [exported('contract: 2'), /version 2 of the destination contract.*version 1/],
    'without-version': [exported('contract: undefined'), /version undefined/],
    'takes-an-id': [exported("id: 'file'"), /"file" is taken/],
    'bad-id': [exported("id: 'No Id'"), /`id`/],
    'no-title': [exported("title: ''"), /`title`/],
    'no-schema': [exported('settings: {}'), /`safeParse`/],
    'takes-nothing': [exported('takes: { sessions: false, files: false }'), /takes nothing/],
    'says-not-what': [exported('takes: { files: 1 }'), /`takes`/],
    'no-place': [exported('place: "there"'), /`place`/],
    'no-open': [exported('open: undefined'), /`open`/],
    'bad-collisions': [exported('collisions: 7'), /`collisions`/],
  };
  for (const [name, [module, words]] of Object.entries(bad)) {
    if (module !== undefined) packages.add(name, module);
    await assert.rejects(loadPackage(name, ['file', 'sql'], 300), refusal(name, words), name);
  }
});

test('nothing runs of a package that does not say that it is a destination, nor of what is no package', async () => {
  packages.add('some-tool', 'globalThis.someToolRan = true; export const plugin = 1;', {});
  await assert.rejects(loadPackage('some-tool', []), refusal('some-tool', /is no destination.*keyword/));
  assert.ok(!('someToolRan' in globalThis));
  await assert.rejects(loadPackage('typescript', []), refusal('typescript', /is no destination/));
  for (const name of [
    'fs',
    'node:fs',
    '../x',
    './x',
    '/etc/passwd',
    'a/b',
    'file:///x.js',
    '',
    'data:text',
    'A B',
  ])
    await assert.rejects(loadPackage(name, []), refusal(name, /no name of a package/), name);
});

const fine: PackagedPlugin = {
  contract: 1,
  id: 'fine',
  title: 'Fine',
  takes: { sessions: true, files: true },
  settings: { safeParse: (data) => ({ success: true, data }) },
  place: () => 'somewhere',
  open: async () => assert.fail('the test says nothing of it'),
};

test('what a package makes of its settings, and does with them, harms nothing of ours', async () => {
  packages.add(
    'hands-on',
    `const limits = { most: 1 };
    export const plugin = { contract: 1, id: 'hands-on', title: 'Hands on', takes: { sessions: true, files: true },
      settings: { safeParse(input) {
        input.url = new URL(input.url).href;
        return { success: true, data: { ...input, key: Buffer.from('key'), limits } };
      } },
      place({ url }) { limits.most++; return url; },
      open: async () => ({}) };`,
  );
  const state = openSqliteState(':memory:');
  const destination = { id: 'x', name: 'X', plugin: 'npm:hands-on', settings: { url: 'https://x' } };
  await saveSettings(state, { destinations: [destination] });
  for (const scheduler of ['stopped', 'running']) {
    const { settings, etag } = await loadSettings(state);
    assert.equal((await loadSettings(state)).settings, settings);
    await saveSettings(state, { ...settings, scheduler }, etag);
  }
  await state.close();
});

test('a schema that breaks is a fault of the settings that names the package', () => {
  const boom = () => {
    throw new Error('boom\nat line 1');
  };
  for (const [change, words] of [
    [{ settings: { safeParse: boom } }, /package "bad" failed at these settings: boom$/],
    [{ settings: { safeParse: () => undefined } }, /package "bad" does not say whether/],
    [
      { settings: { safeParse: () => ({ success: false, error: {} }) } },
      /refuses these settings without a reason/,
    ],
    [{ place: boom }, /failed at these settings: boom$/],
    [{ place: () => '' }, /does not say where/],
  ] as const) {
    const plugin = guardPlugin({ ...fine, ...(change as object) }, 'npm:bad', 'bad');
    const result = plugin.settings.safeParse({});
    assert.equal(result.success, false);
    assert.match(result.error?.issues[0]?.message ?? '', words);
  }
  // Another library's way of giving a path.
  const issues = [{ path: [{ key: 'a' }, 0, 'b'], message: 'is wrong' }];
  const strange = {
    ...fine,
    settings: { safeParse: () => ({ success: false, error: { issues } }) as never },
  };
  const result = guardPlugin(strange, 'npm:bad', 'bad').settings.safeParse({});
  assert.deepEqual(
    result.error?.issues.map(({ path, message }) => [path, message]),
    [[['a', 0, 'b'], 'is wrong']],
  );
});

function open(destination: unknown, openMs = 1000): Promise<Destination> {
  const raw = { ...fine, open: typeof destination === 'function' ? destination : async () => destination };
  return guardPlugin(raw as PackagedPlugin, 'npm:bad', 'bad', openMs).open({
    id: 'd',
    name: 'Dest',
    settings: { token: 'named', deep: [{ secret: 'deep-named' }] },
    state: openSqliteState(':memory:'),
    log: silentLog,
    secret: async (name) => `value of ${name}`,
  });
}

const says = (kind: string, code: string, words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Failure, String(error));
  assert.deepEqual([error.kind, error.code], [kind, code], error.message);
  assert.match(error.message, /Destination "Dest" \(package bad\)/);
  assert.ok(!error.message.includes('\n'));
  assert.match(error.message, words);
  return true;
};

test('an open that fails, hangs or gives nonsense is a failure that names destination and package', async () => {
  const throwing = (error: unknown) => async () => {
    throw error;
  };
  const own = Object.assign(new Error('no rights\nsee https://x.example/?sig=1'), {
    kind: 'terminal',
    code: 'no-access',
  });
  await assert.rejects(open(throwing(own)), says('terminal', 'no-access', /: no rights$/));
  await assert.rejects(
    open(throwing(new Error('see https://x.example/?sig=1'))),
    says('transient', 'plugin-failed', /opening: see \[URL\]$/),
  );
  await assert.rejects(open(throwing('text')), says('transient', 'plugin-failed', /text/));
  await assert.rejects(
    open(() => new Promise(() => {}), 50),
    says('transient', 'plugin-failed', /took more than 0\.05 s/),
  );
  for (const nonsense of [
    undefined,
    7,
    {},
    { check() {} },
    { check() {}, close: 1 },
    { check() {}, close() {}, files: {} },
  ])
    await assert.rejects(open(nonsense), says('transient', 'plugin-failed', /./));
});

test('a package has its own part of the state, and the secrets that its settings name', async () => {
  await open(
    async ({
      state,
      secret,
    }: {
      state: ReturnType<typeof openSqliteState>;
      secret: (name: string) => Promise<string>;
    }) => {
      await state.put('catalog', 'd', 'key', 1);
      await assert.rejects(state.put('catalog', 'other', 'key', 1), { code: 'no-access' });
      await assert.rejects(state.list('ledger', 'd'), { code: 'no-access' });
      await state.close();
      assert.equal((await state.get('catalog', 'd', 'key'))?.value, 1, 'closing it closes nothing');
      assert.equal(await secret('named'), 'value of named');
      assert.equal(await secret('deep-named'), 'value of deep-named');
      await assert.rejects(secret('another'), { code: 'no-access' });
      return { check() {}, close() {} };
    },
  );
});

const content = (bytes: string) =>
  ({
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    verified: 'length',
  }) as const;
const item: FileItem = { origin: rsOrigin, stream: 'session-recording', key: 'k', values: {} };
const base = { check() {}, close() {} };

test('sinks that break the contract cannot pass for having stored something', async () => {
  const sessions = async (store: unknown): Promise<SessionSink> =>
    (await open({ ...base, sessions: { store } })).sessions ?? assert.fail();
  const batch = [version(rsSession), version(rsSession)];
  for (const [outcomes, words] of [
    [[{ status: 'stored' }], /each of 2 sessions/],
    [undefined, /each of 2 sessions/],
    [[{ status: 'stored' }, { status: 'done' }], /outcome that the contract does not know/],
    [[{ status: 'stored' }, null], /outcome that the contract does not know/],
  ] as const) {
    const sink = await sessions(async () => outcomes);
    await assert.rejects(sink.store(rsOrigin, batch), says('transient', 'plugin-failed', words));
  }
  const files = async (sink: object): Promise<FileSink> =>
    (await open({ ...base, files: { find() {}, begin() {}, ...sink } })).files ?? assert.fail();
  for (const lie of [
    {},
    true,
    { name: 'a', size: 3 },
    { name: 'a', size: '3', sha256: content('abc').sha256 },
  ])
    await assert.rejects(
      (await files({ find: async () => lie })).find('k'),
      says('transient', 'plugin-failed', /./),
    );
  assert.equal(await (await files({ find: async () => null })).find('k'), undefined);
  for (const begun of [undefined, {}, { status: 'fine' }, { status: 'write' }, { status: 'unchanged' }])
    await assert.rejects(
      (await files({ begin: async () => begun })).begin(item),
      says('transient', 'plugin-failed', /./),
    );
  assert.equal((await files({})).statusOf, undefined);
  assert.equal(await (await files({ statusOf: async () => 'settled' })).statusOf?.('k'), 'settled');
  const strange = (await files({ statusOf: async () => 'fine' })).statusOf ?? assert.fail();
  await assert.rejects(strange('k'), says('transient', 'plugin-failed', /status that the contract/));
  const having = async (found: unknown) =>
    (
      (await open({ ...base, sessions: { store() {}, statusOf: async () => found } })).sessions ??
      assert.fail()
    ).statusOf ?? assert.fail();
  assert.deepEqual(await (await having(new Map([['l', 'stored']])))('h', ['l']), new Map([['l', 'stored']]));
  for (const lie of [undefined, {}, new Map([['l', 'yes']])])
    await assert.rejects((await having(lie))('h', ['l']), says('transient', 'plugin-failed', /./));
  const other = { name: 'a', ...content('abd'), storedAt: new Date().toISOString() };
  const write = {
    name: 'a',
    write() {},
    commit: async () => other,
    abort: () => Promise.reject(new Error('no')),
  };
  const begun = await (await files({ begin: async () => ({ status: 'write', write }) })).begin(item);
  assert.ok(begun.status === 'write');
  await begun.write.write(Buffer.from('abc'));
  await assert.rejects(begun.write.commit(content('abc')), says('transient', 'plugin-failed', /other bytes/));
  await begun.write.abort();
});
