import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  readArchiveListing,
  readExitSurveys,
  readLicenseUsage,
  readPresentations,
  readSessionSummaries,
  readTeamActivity,
  readVaultAccountActivity,
} from '../shared/appliance/reports/index.ts';
import type { ReadOptions, RowReport } from '../shared/appliance/row-report.ts';
import { Failure } from '../shared/errors.ts';
import { collect } from './appliance-client-support.ts';
import { pieces, readOne } from './report-reader-support.ts';

type Read = (chunks: AsyncIterable<Uint8Array>, options?: ReadOptions) => RowReport<unknown>;

/** Each reader with a report of two rows. */
const readers: readonly { readonly name: string; readonly read: Read; readonly xml: string }[] = [
  {
    name: 'team activity',
    read: readTeamActivity,
    xml: '<team_activity_list><team_activity id="2" name="a"/><team_activity id="3" name="b"/></team_activity_list>',
  },
  {
    name: 'vault account activity',
    read: readVaultAccountActivity,
    xml: '<vault_account_activity_list><vault_account_activity timestamp="5"/><vault_account_activity timestamp="6"/></vault_account_activity_list>',
  },
  {
    name: 'exit surveys',
    read: readExitSurveys,
    xml: '<exit_survey_list><exit_survey lsid="a"/><exit_survey lsid="b"/></exit_survey_list>',
  },
  {
    name: 'licence usage',
    read: readLicenseUsage,
    xml: '<license_usage><license_time_intervals><license_time_interval a="1"/><license_time_interval a="2"/></license_time_intervals></license_usage>',
  },
  {
    name: 'presentations',
    read: readPresentations,
    xml: '<presentation_session_list><presentation_session lsid="a"/><presentation_session lsid="b"/></presentation_session_list>',
  },
  {
    name: 'archive listing',
    read: readArchiveListing,
    xml: '<archives><event_archive index="0"/><state_archive index="0"/></archives>',
  },
  {
    name: 'session summaries',
    read: readSessionSummaries,
    xml: '<summary_list><summary id="1"/><summary id="2"/></summary_list>',
  },
];

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const bytesOf = (text: string) => pieces(Buffer.from(text), 7);

function withoutXml(row: unknown): unknown {
  return typeof row === 'object' && row !== null && 'xml' in row ? { ...row, xml: undefined } : row;
}

async function fails(read: Read, xml: string, code: string, options?: ReadOptions): Promise<void> {
  await assert.rejects(collect(read(bytesOf(xml), options)), (error) => {
    assert(error instanceof Failure, String(error));
    assert.equal(error.code, code, `${error.message} for ${xml.slice(0, 200)}`);
    assert(!error.message.includes('\n'));
    return true;
  });
}

for (const { name, read, xml } of readers) {
  test(`${name}: cut anywhere it is truncated, whole it is complete, whatever the namespace`, async () => {
    const whole = read(bytesOf(xml));
    const rows = await collect(whole);
    assert.equal(rows.length, 2);
    assert(whole.complete);
    for (let at = 0; at < xml.length; at += 5) await fails(read, xml.slice(0, at), 'truncated');
    const prefixed = xml.replaceAll(/<(\/?)(\w)/g, '<$1x:$2').replace(/^<[\w:]+/, '$& xmlns:x="http://a/b"');
    const again = await collect(read(bytesOf(`<?xml version="1.0"?>\n${prefixed}\n<!-- end -->`)));
    // A presentation keeps its XML as sent, with the prefix.
    assert.deepEqual(again.map(withoutXml), rows.map(withoutXml));
  });

  test(`${name}: hostile, foreign and failed documents are refused`, async () => {
    const [root = ''] = /^<\w+>/.exec(xml) ?? [];
    const end = root.replace('<', '</');
    await fails(read, `<!DOCTYPE a [<!ENTITY b "c">]>${xml}`, 'malformed-report');
    await fails(read, xml.replace(end, `<x>&b;</x>${end}`), 'malformed-report');
    await fails(read, `${xml}<again/>`, 'malformed-report');
    await fails(read, '<html><body>Sign in</body></html>', 'unexpected-document');
    await fails(read, '<error code="1">Something broke.</error>', 'appliance-error');
    await fails(read, `${root}<error>Something broke.</error>${end}`, 'appliance-error');
    await fails(read, xml.replace(end, `<error>Something broke.</error>${end}`), 'appliance-error');
    const nothing = '<error>No thing matching your chosen criteria is available.</error>';
    assert.deepEqual(await collect(read(bytesOf(nothing))), []);
    assert.deepEqual(await collect(read(bytesOf(`${root}${end}`))), []);
    await fails(read, xml.replace(end, `${nothing}${end}`), 'unexpected-document');
    const limits = { depth: 20, textLength: 2000, sessionLength: 3000, attributesPerElement: 10 };
    const first = xml.indexOf('/>');
    const inside = (inner: string) => {
      const [tag = ''] = /<\w+(?=[^<]*$)/.exec(xml.slice(0, first)) ?? [];
      return `${xml.slice(0, first)}>${inner}</${tag.slice(1)}>${xml.slice(first + 2)}`;
    };
    await fails(read, inside('<a>'.repeat(30) + '</a>'.repeat(30)), 'report-limit', { limits });
    await fails(read, inside(`<a>${'x'.repeat(5000)}</a>`), 'report-limit', { limits });
    await fails(
      read,
      inside(`<a ${Array.from({ length: 20 }, (_, at) => `a${at}="1"`).join(' ')}/>`),
      'report-limit',
      {
        limits,
      },
    );
  });
}

test('team activity: both names of the list of users, files in both shapes, both bodies, several destinations', async () => {
  const user = (gs: string) =>
    `<representative gsnumber="${gs}" id="7"><display_name>Mei &amp; Co</display_name><public_ip>203.0.113.7:61606</public_ip><private_ip/></representative>`;
  const report = readTeamActivity(
    bytesOf(`<team_activity_list><start_time timestamp="100">then</start_time><end_time timestamp="200"/>
      <team_activity id="2" name="Service &quot;Desk&quot;">
        <logged_in_representatives>${user('1')}</logged_in_representatives>
        <events>
          <event timestamp="150" event_type="Files Shared"><performed_by gsnumber="1" type="representative">Mei</performed_by>
            <destinations><destination gsnumber="0" type="everyone">All</destination><destination gsnumber="2" type="representative">Jo</destination></destinations>
            <files><file name="a.txt" size="5"/><file><name>b.txt</name><size>6</size></file></files>
            <data><value name="k" value="v"/></data></event>
          <event timestamp="" event_type="Chat Message"><body>hi</body><encoded_body>AA
BB</encoded_body></event>
        </events>
      </team_activity>
      <team_activity id="3" name="Idle"><logged_in_privileged_users>${user('2')}</logged_in_privileged_users></team_activity>
      <team_activity id="4" name="Empty"/>
    </team_activity_list>`),
  );
  const rows = await collect(report);
  assert.deepEqual(report.period, { start: 100, end: 200 });
  const member = { userId: '7', displayName: 'Mei & Co', publicIp: '203.0.113.7:61606', privateIp: '' };
  const desk = { id: '2', name: 'Service "Desk"' };
  assert.deepEqual(rows, [
    { kind: 'team', team: desk },
    { kind: 'member', team: desk, member: { gsNumber: '1', ...member } },
    {
      kind: 'event',
      team: desk,
      event: {
        type: 'Files Shared',
        time: 150,
        performedBy: { type: 'representative', gsNumber: '1', name: 'Mei' },
        destinations: [
          { type: 'everyone', gsNumber: '0', name: 'All' },
          { type: 'representative', gsNumber: '2', name: 'Jo' },
        ],
        data: [
          ['k', 'v'],
          ['file', 'a.txt'],
          ['file_size', '5'],
          ['file', 'b.txt'],
          ['file_size', '6'],
        ],
      },
    },
    {
      kind: 'event',
      team: desk,
      event: {
        type: 'Chat Message',
        time: null,
        performedBy: null,
        destinations: [],
        data: [
          ['body', 'hi'],
          ['encoded_body', 'AABB'],
        ],
      },
    },
    { kind: 'team', team: { id: '3', name: 'Idle' } },
    { kind: 'member', team: { id: '3', name: 'Idle' }, member: { gsNumber: '2', ...member } },
    { kind: 'team', team: { id: '4', name: 'Empty' } },
  ]);
});

test('what no source shows is kept by its structure: licence intervals, presentations under other names', async () => {
  const usage = readLicenseUsage(
    bytesOf(
      '<license_usage><group_by>hour</group_by><license_time_interval start="10" end="20" peak="19"><used>18</used><sites><site id="1">main</site></sites></license_time_interval></license_usage>',
    ),
  );
  assert.deepEqual(await collect(usage), [
    {
      start: 10,
      end: 20,
      values: [
        ['start', '10'],
        ['end', '20'],
        ['peak', '19'],
        ['used', '18'],
        ['sites/site', 'main'],
        ['sites/site/id', '1'],
      ],
    },
  ]);
  const [shown] = await collect(
    readPresentations(
      bytesOf(
        '<session_list><about lsids="2"/><session lsid="b2"><start_time timestamp="9"/><session_recording_download_url>https://x</session_recording_download_url></session></session_list>',
      ),
    ),
  );
  assert.equal(shown?.session.lsid, 'b2');
  assert.deepEqual([shown?.session.startTime, shown?.session.recordings.session], [9, true]);
});

test('recordings that a session announces under unverified names are found', async () => {
  const found = async (inner: string) =>
    (await readOne(`<session lsid="a">${inner}</session>`)).session.recordings;
  const none = { session: false, commandShell: [], showMyScreen: [] };
  const list = (name: string) =>
    `<${name}><recording instance="0"/><show_my_screen_recording instance="2"><download_url>u</download_url></show_my_screen_recording></${name}>`;
  assert.deepEqual(await found(list('show_my_screen_recording_list')), { ...none, showMyScreen: [0, 2] });
  assert.deepEqual(
    await found('<show_my_screen_recording instance="1"/><show_my_screen_recording instance="1"/>'),
    {
      ...none,
      showMyScreen: [1],
    },
  );
  assert.deepEqual(
    await found('<show_my_screen_recording_download_url>u</show_my_screen_recording_download_url>'),
    {
      ...none,
      showMyScreen: [0],
    },
  );
  const event =
    '<session_details><event event_type="Show My Screen Recording"><data><value name="instance" value="3"/><value name="download_url" value="u"/></data></event></session_details>';
  assert.deepEqual(await found(event), { ...none, showMyScreen: [3] });
  for (const inner of [
    '<user_recording_download_url>u</user_recording_download_url>',
    '<user_recordings><user_recording><download_url>u</download_url></user_recording></user_recordings>',
    '<protocol_tunnel_recording_download_url>u</protocol_tunnel_recording_download_url>',
  ])
    assert.deepEqual(await found(inner), { ...none, user: true });
  assert.deepEqual(
    await found('<user_recording_download_url> </user_recording_download_url><user_recordings/>'),
    none,
  );
  assert.deepEqual(
    await found(
      '<command_shell_recordings><command_shell_recording instance="0"/><command_shell_recording instance="4"/></command_shell_recordings>',
    ),
    { ...none, commandShell: [0, 4] },
  );
});

test('a team with very many events is read in flat memory', async () => {
  const event = `<event timestamp="5" event_type="Chat Message"><body>${'word '.repeat(100)}</body></event>`;
  const block = Buffer.from(event.repeat(100));
  const blocks = 1000;
  async function* report() {
    yield Buffer.from('<team_activity_list><team_activity id="2" name="a"><events>');
    for (let at = 0; at < blocks; at++) yield block;
    yield Buffer.from('</events></team_activity></team_activity_list>');
  }
  let events = 0;
  let peak = 0;
  const before = heap();
  for await (const { kind } of readTeamActivity(report())) {
    if (kind === 'event') events++;
    if (events % 25_000 === 0) peak = Math.max(peak, heap() - before);
  }
  assert.equal(events, blocks * 100);
  assert(peak < 8_000_000, `${peak} bytes for a report of ${blocks * block.length}`);
});
