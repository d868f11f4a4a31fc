import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { readSessionReport } from '../shared/appliance/session-report.ts';
import { Failure } from '../shared/errors.ts';
import type { Session } from '../shared/sessions/session.ts';
import { loadSettings, parseSettings, saveSettings } from '../shared/settings/settings-store.ts';
import { compareVersions, unavailable } from '../shared/streams/available.ts';
import { streamOf, streams } from '../shared/streams/index.ts';
import {
  type CommandShellFormat,
  commandShellFormats,
  type StreamId,
  streamIds,
} from '../shared/streams/stream.ts';
import { drain } from '../shared/transfer/drain.ts';
import { owe } from '../shared/transfer/ledger.ts';
import { filesIn } from './support/job.ts';
import { inChunks, lsidOf, makeWorkbench, reportXml, type WorkbenchOptions } from './support/workbench.ts';

/** One session with three shells, three recordings of the own screen, and all else there is. */
async function session(): Promise<Session> {
  const recordings = (name: string, count: number) =>
    Array.from(
      { length: count },
      (_, at) => `<${name} instance="${at}"><download_url>u</download_url></${name}>`,
    );
  const xml = `<session lsid="${lsidOf(7)}"><session_type>support</session_type><lseq>7</lseq>
    <start_time timestamp="10">then</start_time><end_time timestamp="20">then</end_time>
    <session_recording_download_url>u</session_recording_download_url>
    <command_shell_recordings>${recordings('command_shell_recording', 3).join('')}</command_shell_recordings>
    <show_my_screen_recordings>${recordings('show_my_screen_recording', 3).join('')}</show_my_screen_recordings>
    <user_recording_download_url>u</user_recording_download_url></session>`;
  for await (const { session: read } of readSessionReport(inChunks(reportXml(xml)))) return read;
  throw new Error('no session');
}

/** What is in a file says which it is. */
const download = async (...of: readonly (string | undefined)[]) => {
  const text = of.join(' ');
  return { chunks: inChunks(text), evidence: { kind: 'length', bytes: text.length } as const };
};

const recorded: readonly StreamId[] = [
  'session-recording',
  'command-shell-recording',
  'show-my-screen-recording',
  'user-recording',
];

interface Stored {
  readonly expected: string[];
  readonly found: string[];
}

/** Stores all files of the session twice over; undefined where the setting is refused. */
async function storeAll(
  context: TestContext,
  dataTypes: readonly StreamId[],
  commandShellFormat: CommandShellFormat,
  folder: object,
): Promise<Stored | undefined> {
  const options: WorkbenchOptions = {
    site: { requestsPerSecond: 100 },
    folder,
    transfers: [{ site: 'site', destination: 'folder', dataTypes, commandShellFormat }],
    appliance: {
      sessionRecording: (lsid) => download('session', lsid),
      commandShellRecording: (lsid, instance, format) => download('shell', lsid, instance, format),
      showMyScreenRecording: (lsid, instance) => download('screen', lsid, instance),
      userRecording: (lsid) => download('user', lsid),
    },
  };
  let made: ReturnType<typeof makeWorkbench>;
  try {
    made = makeWorkbench(context, options);
  } catch (error) {
    assert.ok(error instanceof Failure && error.code === 'bad-settings', String(error));
    assert.match(
      error.message,
      /^Settings: destinations\[0\]\.settings\.fileNameFormat: gives .* same name; /,
    );
    return undefined;
  }
  const { services, clock } = made;
  const expected: string[] = [];
  for (let round = 0; round < 2; round++) {
    const run = await made.scheduleRun();
    for (const id of dataTypes) {
      const stream = streamOf(id);
      assert.ok(stream.from === 'session-report' && stream.content === 'file');
      const items = stream.items(await session(), { commandShellFormat });
      if (round === 0)
        for (const { key, instance, variant } of items) expected.push(contentOf(id, key, instance, variant));
      const owed = items.map((item) => ({ item, destinationId: 'folder' }));
      await owe(services.state, 'site', id, owed, clock.now);
      const outcome = await drain(services, {
        runId: run.id,
        siteId: 'site',
        stream: id,
        part: 0,
        without: [],
      });
      assert.equal(outcome.status, 'done', JSON.stringify(outcome));
    }
  }
  const found = [...filesIn(made.files).values()].map(({ bytes }) => bytes.toString());
  return { expected: expected.sort(), found: found.sort() };
}

function contentOf(id: StreamId, key: string, instance?: string, variant?: string): string {
  const lsid = key.slice(0, 32);
  if (id === 'command-shell-recording') return `shell ${lsid} ${instance} ${variant}`;
  if (id === 'show-my-screen-recording') return `screen ${lsid} ${instance}`;
  return `${id === 'session-recording' ? 'session' : 'user'} ${lsid}`;
}

const formats = [
  undefined,
  '%LSID%.%INSTANCE%.%EXTENSION%',
  '%SESSION_TYPE%/%LSID%/%INSTANCE%.%EXTENSION%',
  '%LSID%.%EXTENSION%',
  '%LSID%.%INSTANCE%',
  '%SUPPORT_SITE_HOST%-%SESSION_TYPE%',
];

test('three shells of one session, as video and text, are all there in each conflict handling, or the setting is refused', async (t) => {
  const kept = new Map<string, boolean>();
  for (const conflictHandling of ['AppendNumber', 'Overwrite', 'Skip'])
    for (const fileNameFormat of formats)
      for (const wanted of commandShellFormats) {
        const folder = { conflictHandling, ...(fileNameFormat === undefined ? {} : { fileNameFormat }) };
        const stored = await storeAll(t, ['command-shell-recording'], wanted, folder);
        const label = `${conflictHandling} ${fileNameFormat} ${wanted}`;
        kept.set(label, stored !== undefined);
        if (!stored) continue;
        assert.equal(stored.expected.length, wanted === 'both' ? 6 : 3);
        assert.deepEqual(stored.found, stored.expected, label);
      }
  const taken = [...kept].filter(([, is]) => is).map(([label]) => label.split(' ').slice(1).join(' '));
  assert.deepEqual(
    [...new Set(taken)].sort(),
    [
      '%LSID%.%INSTANCE% text',
      '%LSID%.%INSTANCE% video',
      ...[undefined, ...formats.slice(1, 3)].flatMap((format) => [
        `${format} both`,
        `${format} text`,
        `${format} video`,
      ]),
    ].sort(),
  );
});

test('everything that one session can have is told apart by the default names, in each conflict handling', async (t) => {
  for (const conflictHandling of ['AppendNumber', 'Overwrite', 'Skip']) {
    const stored = await storeAll(t, recorded, 'both', { conflictHandling });
    assert.equal(stored?.expected.length, 1 + 6 + 3 + 1);
    assert.deepEqual(stored?.found, stored?.expected, conflictHandling);
  }
});

const site = (id: string, more: object = {}) => ({
  id,
  name: id,
  host: `${id}.example.com`,
  account: { kind: 'oauth', clientId: 'client', secret: 'secret' },
  ...more,
});
const transfer = (more: object = {}) => ({ site: 'a', destination: 'files', dataTypes: ['backup'], ...more });

function settings(transfers: readonly object[], folder: object = {}, sites: object = {}): unknown {
  return {
    sites: [site('a', sites), site('b', sites)],
    destinations: [
      {
        id: 'files',
        name: 'Files',
        plugin: 'file',
        settings: { kind: 'folder', directory: '/f', ...folder },
      },
      { id: 'db', name: 'Database', plugin: 'sql', settings: { kind: 'sqlite', path: '/s.db' } },
    ],
    schedules: [{ id: 's', name: 'S', every: { days: 1 }, transfers }],
  };
}

function refusalOf(document: unknown): string {
  try {
    parseSettings(document);
    return '';
  } catch (error) {
    assert.ok(error instanceof Failure && error.code === 'bad-settings', String(error));
    return error.message.replace(/^Settings: /, '');
  }
}

test('all data types of two sites go to one destination under the default names', () => {
  const both = ['a', 'b'].map((id) =>
    transfer({ site: id, dataTypes: streamIds, commandShellFormat: 'both', reportPeriod: 'hour' }),
  );
  assert.equal(refusalOf(settings(both)), '');
});

test('a format that cannot tell data types, kinds or sites apart is refused where it stands', () => {
  const format = 'destinations[0].settings.fileNameFormat: gives ';
  const cases: [readonly object[], string, RegExp][] = [
    [
      [transfer({ dataTypes: ['command-shell-recording', 'show-my-screen-recording'] })],
      '%LSID%.%INSTANCE%.%EXTENSION%',
      /Command Shell Recordings and Show My Screen Recordings the same name/,
    ],
    [
      [transfer({ dataTypes: ['team-activity'] }), transfer({ dataTypes: ['vault-account-activity'] })],
      '%LSID%.%EXTENSION%',
      /Team Activity and Vault Account Activity the same name/,
    ],
    [[transfer({ dataTypes: ['exit-survey'] })], '%LSID%.%EXTENSION%', /several Exit Surveys the same name/],
    [
      [transfer({ dataTypes: ['presentation-data'] }), transfer({ dataTypes: ['session-data'] })],
      '%EXTERNAL_KEY%.%EXTENSION%',
      /Presentation Data and Session Data the same name/,
    ],
    [
      [transfer(), transfer({ site: 'b' })],
      '%SESSION_TYPE%-%LSID%.%EXTENSION%',
      /Site Backups of two sites the same name; add %SUPPORT_SITE_HOST%/,
    ],
  ];
  for (const [transfers, fileNameFormat, words] of cases) {
    const said = refusalOf(settings(transfers, { fileNameFormat }));
    assert.ok(said.startsWith(format), said);
    assert.match(said, words);
  }
});

test('what a destination cannot take, or a product does not have, is refused where it stands', () => {
  const at = 'schedules[0].transfers[0].dataTypes: ';
  for (const stream of streams) {
    const said = refusalOf(settings([transfer({ destination: 'db', dataTypes: [stream.id] })]));
    const rows = ['session-data', 'team-activity', 'vault-account-activity', 'exit-survey', 'license-usage'];
    if (!rows.includes(stream.id))
      assert.equal(said, `${at}${stream.title} can only be saved to files, not to "Database"`);
    for (const product of ['RS', 'PRA'] as const) {
      const told = refusalOf(settings([transfer({ dataTypes: [stream.id] })], {}, { product }));
      assert.equal(told, stream.products.includes(product) ? '' : `${at}${product} has no ${stream.title}`);
    }
  }
});

test('two schedules cannot want different kinds of shell recordings of what they share', () => {
  const shells = (commandShellFormat: string, more: object = {}) =>
    transfer({ dataTypes: ['command-shell-recording'], commandShellFormat, ...more });
  assert.equal(
    refusalOf(settings([shells('video'), shells('text')])),
    'schedules[0].transfers[1].commandShellFormat: another transfer to "files" has video: use both in each of them',
  );
  assert.equal(refusalOf(settings([shells('text'), shells('text')])), '');
  assert.equal(refusalOf(settings([shells('text'), shells('video', { site: 'b' })])), '');
  assert.match(refusalOf(settings([transfer({ commandShellFormat: 'audio' })])), /commandShellFormat/);
  assert.match(refusalOf(settings([transfer({ reportPeriod: 'week' })])), /reportPeriod/);
});

test('the choices of a transfer are saved and reach its run', async (t) => {
  const made = makeWorkbench(t, {
    transfers: [
      {
        site: 'site',
        destination: 'folder',
        dataTypes: ['command-shell-recording', 'team-activity'],
        commandShellFormat: 'both',
        reportPeriod: 'hour',
      },
    ],
  });
  const { state } = made.services;
  await saveSettings(state, made.settings);
  const { settings: saved } = await loadSettings(state);
  assert.equal(saved.schedules[0]?.transfers[0]?.commandShellFormat, 'both');
  const { transfers } = await made.scheduleRun();
  assert.deepEqual(
    transfers.map(({ stream, commandShellFormat, reportPeriod }) => [
      stream,
      commandShellFormat,
      reportPeriod,
    ]),
    [
      ['command-shell-recording', 'both', 'hour'],
      ['team-activity', 'both', 'hour'],
    ],
  );
});

test('versions are compared by number', () => {
  assert.ok(compareVersions('1.9.0', '1.22.2') < 0);
  assert.ok(compareVersions('1.22.10', '1.22.9') > 0);
  assert.ok(compareVersions('2', '1.99.99') > 0);
  assert.equal(compareVersions('1.22', '1.22.0'), 0);
});

test('an appliance that is too old for a data type is told so, one of which nothing is known is tried', () => {
  const info = { now: 1, clock: 'command' } as const;
  const syslog = streamOf('syslog');
  const said = (more: object) => unavailable(syslog, { ...info, product: 'PRA', ...more }, '"S" (h)');
  const failure = said({ apiVersion: '1.22.2' });
  assert.deepEqual([failure?.kind, failure?.code], ['terminal', 'api-version']);
  assert.match(
    failure?.message ?? '',
    /^Site "S" \(h\) has API version 1\.22\.2, and Syslog came with 1\.22\.3: /,
  );
  assert.equal(said({ apiVersion: '1.22.3' }), undefined);
  assert.equal(said({ apiVersion: '1.100.0' }), undefined);
  assert.equal(said({ apiVersion: '1.22.2', product: 'RS' }), undefined);
  assert.equal(said({}), undefined);
  assert.equal(said({ permissions: { perm_reporting_syslog: '0' } })?.code, 'no-permission');
  assert.equal(said({ permissions: { perm_reporting_syslog: '1' } }), undefined);
});

test('every data type is listed once', () => {
  assert.deepEqual(streams.map(({ id }) => id).sort(), [...streamIds].sort());
  for (const stream of streams) assert.ok(stream.samples({}).length > 0 && stream.permissions.length > 0);
});
