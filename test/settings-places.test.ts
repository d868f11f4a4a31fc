import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSettings, parseSettings, saveSettings } from '../shared/settings/settings-store.ts';
import { makeWorkbench } from './support/workbench.ts';

test('a destination or site that runs have worked with keeps its place: another one needs a new id', async (t) => {
  const bench = makeWorkbench(t);
  const { state } = bench.services;
  const change = async (
    edit: (settings: ReturnType<typeof structuredClone<typeof bench.settings>>) => void,
  ) => {
    const draft = structuredClone(bench.settings);
    edit(draft);
    await saveSettings(state, draft, (await loadSettings(state)).etag);
  };
  const elsewhere = (settings: typeof bench.settings) => {
    for (const destination of settings.destinations)
      if (destination.id === 'folder') destination.settings = { kind: 'folder', directory: '/srv/other' };
  };
  // Nothing was stored yet: a slip of the pen can be put right.
  await change(() => {});
  await change(elsewhere);
  await change(() => {});

  await bench.scheduleRun();
  await assert.rejects(change(elsewhere), (error: Error) => {
    assert.match(
      error.message,
      /^Destination "Folder" \(folder\) has been folder .* cannot become folder \/srv\/other: give it a new id/,
    );
    return true;
  });
  await assert.rejects(
    change((settings) => {
      for (const site of settings.sites) site.host = 'other.example.com';
    }),
    /^Failure: Site "Site" \(site\) has been site\.example\.com .* set hostName to what it was\.$/,
  );
  await change((settings) => {
    for (const site of settings.sites)
      Object.assign(site, { host: 'other.example.com', hostName: 'site.example.com' });
  });
});

test('a File Name Format that gives two data types one name is refused, with the place', () => {
  const settings = (fileNameFormat: string, dataTypes: string[]) => ({
    sites: [
      { id: 's', name: 'S', host: 's.example.com', account: { kind: 'oauth', clientId: 'c', secret: 'x' } },
    ],
    destinations: [
      {
        id: 'f',
        name: 'F',
        plugin: 'file',
        settings: { kind: 'folder', directory: '/srv/f', fileNameFormat },
      },
    ],
    schedules: [
      { id: 'd', name: 'D', every: { days: 1 }, transfers: [{ site: 's', destination: 'f', dataTypes }] },
    ],
  });
  assert.throws(
    () => parseSettings(settings('%LSID%', ['session-data', 'session-recording'])),
    /destinations\[0\]\.settings\.fileNameFormat: gives Session Data and Session Recordings the same name/,
  );
  parseSettings(settings('%LSID%', ['session-data']));
  parseSettings(settings('%LSID%.%EXTENSION%', ['session-data', 'session-recording', 'backup']));
});
