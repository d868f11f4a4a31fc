import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadSettings } from '../shared/settings/settings-store.ts';
import {
  apiHeaders,
  databaseSetting,
  folderSetting,
  type Installation,
  resultOf,
  startInstallation,
} from './support/installation.ts';
import { type PluginPackages, pluginPackages } from './support/plugin-packages.ts';
import { databaseDifferences, folderDifferences, none } from './support/stored.ts';

const BOTH = ['session-data', 'session-recording'];

let packages: PluginPackages;
let installation: Installation;
let shelf: string;

before(async () => {
  packages = pluginPackages();
  packages.addExample();
  packages.add(
    'breaks-at-open',
    `export const plugin = { contract: 1, id: 'breaks', title: 'Breaks', takes: { sessions: true, files: true },
      settings: { safeParse: (input) => ({ success: true, data: input ?? {} }) }, place: () => 'nowhere',
      open: async () => { throw Object.assign(new Error('the licence has run out'), { kind: 'terminal', code: 'no-licence' }); } };`,
  );
  packages.add('throws-at-import', 'throw new Error("no such library");');
  installation = await startInstallation({
    hoursBack: 2,
    destinations: (data) => {
      shelf = join(data.files, '..', 'shelf');
      return [
        folderSetting(data.files),
        databaseSetting(data.sessions),
        { id: 'example', name: 'Example', plugin: 'npm:example-destination', settings: { directory: shelf } },
        { id: 'broken', name: 'Broken', plugin: 'npm:breaks-at-open', settings: {} },
      ];
    },
    transfers: ['folder', 'example', 'broken']
      .map((destination) => ({ site: 'support', destination, dataTypes: BOTH }))
      .concat({ site: 'support', destination: 'database', dataTypes: ['session-data'] }),
  });
});
after(async () => {
  await installation?.close();
  packages?.remove();
});

async function put(change: (settings: { destinations: unknown[] }) => void) {
  const url = `${installation.stack.host.url}/api/settings`;
  const read = await fetch(url, { headers: apiHeaders });
  const settings = (await read.json()) as { destinations: unknown[] };
  change(settings);
  const answer = await fetch(url, {
    method: 'PUT',
    headers: {
      ...apiHeaders,
      'if-match': read.headers.get('etag') ?? '',
      'content-type': 'application/json',
    },
    body: JSON.stringify(settings),
  });
  return { status: answer.status, body: (await answer.json()) as { title: string } };
}

test('a run stores in a destination from a package as in any other; one that breaks fails by itself', async () => {
  const run = await installation.run();
  assert.equal(run.status, 'partial');
  for (const [stream, destination] of [
    ['session-data', 'folder'],
    ['session-recording', 'folder'],
    ['session-data', 'database'],
    ['session-data', 'example'],
    ['session-recording', 'example'],
  ] as const)
    assert.equal(resultOf(run, stream, destination).status, 'succeeded', `${stream} to ${destination}`);
  for (const stream of BOTH) {
    const { status, failure } = resultOf(run, stream, 'broken');
    assert.deepEqual([status, failure?.code], ['failed', 'no-licence']);
    assert.equal(failure?.message, 'Destination "Broken" (package breaks-at-open): the licence has run out');
  }
  assert.deepEqual(await folderDifferences(installation), none);
  assert.deepEqual(databaseDifferences(installation), none);
  const home = join(shelf, 'example');
  const sessions = readdirSync(join(home, 'sessions')).map((name) =>
    JSON.parse(readFileSync(join(home, 'sessions', name), 'utf8')),
  );
  const { truth } = installation.appliance();
  const expected = [...truth.sessions()];
  assert.deepEqual(
    sessions.map(({ session }) => session.lsid).toSorted(),
    expected.map(({ session }) => session.lsid).toSorted(),
  );
  const recordings = readdirSync(home)
    .filter((name) => /^[0-9a-f]{64}$/.test(name))
    .map((name) => JSON.parse(readFileSync(join(home, name, 'item.json'), 'utf8')).file);
  const wanted = expected.filter(({ hasRecording, state }) => hasRecording && state === 'closed');
  assert.deepEqual(
    recordings.map(({ sha256 }) => sha256).toSorted(),
    wanted.map(({ session }) => truth.recording(session.lsid)?.sha256).toSorted(),
  );
});

test('settings are checked by the package when they are saved, and a package that is bad is refused by name', async () => {
  const add = (plugin: string, settings: unknown) =>
    put(({ destinations }) => void destinations.push({ id: 'more', name: 'More', plugin, settings }));
  for (const [plugin, settings, words] of [
    ['npm:example-destination', { directory: '' }, /destinations\[4\]\.settings\.directory: give a folder/],
    [
      'npm:example-destination',
      { directory: '/x', colour: 'red' },
      /destinations\[4\]\.settings\.colour: is not known/,
    ],
    [
      'npm:is-missing',
      {},
      /destinations\[4\]\.plugin: The destination package "is-missing" cannot be used: it is not installed/,
    ],
    [
      'npm:throws-at-import',
      {},
      /package "throws-at-import" cannot be used: loading it failed: no such library/,
    ],
    ['npm:typescript', {}, /package "typescript" cannot be used: it is no destination/],
    ['npm:../../etc', {}, /no name of a package/],
    ['npm:', {}, /no name of a package/],
    ['example-destination', {}, /there is no plugin "example-destination"/],
  ] as const) {
    const { status, body } = await add(plugin, settings);
    assert.equal(status, 400, plugin);
    assert.match(body.title, words);
    assert.ok(!body.title.includes('\n'));
  }
  // An id that has worked stands for its place here too.
  const moved = await put(({ destinations }) => {
    destinations[2] = { ...(destinations[2] as object), settings: { directory: '/somewhere/else' } };
  });
  assert.equal(moved.status, 400);
  assert.match(moved.body.title, /"Example" \(example\) has been .*cannot become .*somewhere/);
});

test('a package that has gone or changed since harms its own destinations alone', async () => {
  const { state } = installation.services;
  const current = ['settings', 'settings', 'current'] as const;
  const saved = await state.get<{ destinations: object[]; schedules: { transfers: object[] }[] }>(...current);
  assert.ok(saved);
  const { value, etag } = saved;
  value.destinations.push(
    { id: 'gone', name: 'Gone', plugin: 'npm:gone-since', settings: { any: 'thing' } },
    // It took these once: today's version does not.
    { id: 'older', name: 'Older', plugin: 'npm:example-destination', settings: { folder: '/x' } },
  );
  for (const destination of ['gone', 'older'])
    value.schedules[0]?.transfers.push({
      site: 'support',
      destination,
      dataTypes: BOTH,
      begin: { kind: 'days-back', days: 1 },
    });
  await state.update(...current, value, etag);
  const { settings } = await loadSettings(state);
  assert.deepEqual(settings.destinations.find(({ id }) => id === 'older')?.settings, { folder: '/x' });
  installation.passTime(3600);
  const run = await installation.run();
  assert.equal(run.status, 'partial');
  assert.equal(resultOf(run, 'session-recording', 'example').status, 'succeeded');
  assert.equal(resultOf(run, 'session-recording', 'folder').status, 'succeeded');
  assert.match(
    resultOf(run, 'session-data', 'gone').failure?.message ?? '',
    /^Destination "Gone": The destination package "gone-since" cannot be used: it is not installed/,
  );
  assert.match(
    resultOf(run, 'session-data', 'older').failure?.message ?? '',
    /^Destination "Older" \(package example-destination\): settings\.directory: give a folder/,
  );
  assert.deepEqual(await folderDifferences(installation), none);
  // Where it stores is not known: nothing is pinned that would stand in the way once it is back.
  assert.equal(await state.get('settings', 'places', 'destination|gone'), undefined);
  // Saving says so, by name; taking it out is enough.
  assert.match((await put(() => {})).body.title, /package "gone-since" cannot be used/);
});
