import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { FileSink } from '../shared/destinations/destination.ts';
import { Failure } from '../shared/errors.ts';
import { praOrigin } from './contract/session-sink-fixtures.ts';
import { countIn, destinationAt, placeFor, rowsIn, sqlKinds } from './destination-sql-places.ts';
import { exitSurveyXml, teamActivityXml, vaultActivityXml } from './destination-sql-report-documents.ts';

const item = (stream: string, key: string) => ({ origin: praOrigin, stream, key, values: {} });
const contentOf = (text: string) => {
  const bytes = Buffer.from(text);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { size: bytes.length, sha256, verified: 'end-tag' } as const;
};

async function storeIn(sink: FileSink, stream: string, key: string, text: string, step = 7) {
  const begun = await sink.begin(item(stream, key));
  if (begun.status !== 'write') return begun.status;
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += step) await begun.write.write(bytes.subarray(at, at + step));
  return begun.write.commit(contentOf(text));
}

function sinkOf({ reports }: { readonly reports?: FileSink }): FileSink {
  assert.ok(reports, 'the destination takes reports');
  return reports;
}

const day = 'team-activity|20251009T000000Z';

for (const kind of sqlKinds) {
  const { name, skip } = kind;

  test(`${name}: a team activity report is rows, written by hand from the sample`, {
    skip,
  }, async (context) => {
    const place = await placeFor(context, kind);
    const sink = sinkOf(await destinationAt(context, place));
    const stored = await storeIn(sink, 'team-activity', day, teamActivityXml);
    assert.ok(typeof stored === 'object');
    assert.deepEqual(await sink.find(day), stored);
    const [report] = await rowsIn(place, 'ic_report');
    assert.deepEqual(
      [report?.host_name, report?.stream, report?.item_key, report?.size, report?.site_id],
      ['access.example.com', 'team-activity', day, Buffer.byteLength(teamActivityXml), 'access'],
    );
    assert.deepEqual(await rowsIn(place, 'ic_team'), [
      { id: 1, report_id: 1, team_number: 1, team_id: 1, name: 'Integration' },
      { id: 2, report_id: 1, team_number: 2, team_id: 4, name: 'Quiet Team' },
    ]);
    assert.deepEqual(await rowsIn(place, 'ic_team_member'), [
      {
        id: 1,
        report_id: 1,
        team_number: 1,
        gs_number: 40,
        user_id: 2,
        display_name: 'Jon Berg',
        public_ip: '198.51.100.7:41286',
        private_ip: 'Unknown',
      },
    ]);
    const by = { performed_by: 'Jon Berg', performed_by_type: 'representative' };
    assert.deepEqual(await rowsIn(place, 'ic_team_event'), [
      {
        id: 1,
        report_id: 1,
        team_number: 1,
        event_number: 1,
        type: 'Conference Member Added',
        event_time: '2025-10-09 09:00:00',
        ...by,
      },
      {
        id: 2,
        report_id: 1,
        team_number: 1,
        event_number: 2,
        type: 'Chat Message',
        event_time: '2025-10-09 09:00:05',
        ...by,
      },
      {
        id: 3,
        report_id: 1,
        team_number: 1,
        event_number: 3,
        type: 'Files Shared',
        event_time: '2025-10-09 09:00:06',
        ...by,
      },
    ]);
    const to = { report_id: 1, event_number: 2, destination_type: 'representative' };
    assert.deepEqual(await rowsIn(place, 'ic_team_event_destination'), [
      { id: 1, ...to, destination: 'Mei Lindqvist' },
      { id: 2, ...to, destination: 'Kato (vendor)' },
    ]);
    const data = await rowsIn(place, 'ic_team_event_data');
    assert.deepEqual(
      data.map((row) => [row.event_number, row.name, String(row.value)]),
      [
        [1, 'private_name', 'Jon Berg'],
        [1, 'public_name', 'Jon'],
        [1, 'support_teams', 'Integration'],
        [1, 'private_ip', 'Unknown'],
        [1, 'public_ip', '198.51.100.7:41286'],
        [1, 'os', 'Unknown'],
        [1, 'user_id', '2'],
        [2, 'body', 'Runbook is shared.'],
        [3, 'file', 'runbook.pdf'],
        [3, 'file_size', '18233'],
        [3, 'file', 'notes.txt'],
        [3, 'file_size', '0'],
      ],
    );
  });

  test(`${name}: vault activity and exit surveys are rows too`, { skip }, async (context) => {
    const place = await placeFor(context, kind);
    const sink = sinkOf(await destinationAt(context, place));
    await storeIn(sink, 'vault-account-activity', 'v|1', vaultActivityXml);
    await storeIn(sink, 'exit-survey', 's|1', exitSurveyXml);
    const vault = (await rowsIn(place, 'ic_vault_account_activity')).map(({ id, report_id, ...row }) => [
      id,
      report_id,
      ...Object.values(row).map((value) => (value === null ? null : String(value))),
    ]);
    const user = ['User'];
    assert.deepEqual(vault, [
      [1, 1, '2025-10-09 09:00:00', 'Account Created', '12', '2', 'Jon Berg', ...user, ''],
      [2, 1, '2025-10-09 09:00:40', 'Password Changed', '12', '2', 'Jon Berg', ...user, 'Manually Edited'],
      [
        3,
        1,
        '2025-10-09 09:01:00',
        'Credentials Used',
        '12',
        '17',
        'Mei Lindqvist',
        ...user,
        '3f9c2a7b5d814e60a1c2d3e4f5061728',
      ],
      [4, 1, '2025-10-09 09:01:39', 'Account Deleted', '12', null, null, null, null],
    ]);
    assert.deepEqual(await rowsIn(place, 'ic_exit_survey'), [
      {
        id: 1,
        report_id: 2,
        survey_number: 1,
        lsid: 'aaaabbbbccccddddeeeeffff00001111',
        submitted_at: '2025-10-09 09:12:40',
        submitted_by: 'Pat Quill',
        submitted_by_type: 'cust',
        primary_customer: 'Pat Quill',
        primary_representative: 'Rosa Imai',
      },
    ]);
    const answers = await rowsIn(place, 'ic_exit_survey_answer');
    assert.deepEqual(
      answers.map((row) => [
        String(row.question_id),
        row.question_type,
        row.question_name,
        row.label,
        String(row.answer),
      ]),
      [
        ['1', 'radio', 'rating', 'How did we do?', '5'],
        ['2', 'textarea', 'comments', 'Anything else?', 'Quick\\n and kind'],
      ],
    );
  });

  test(`${name}: a bucket is there whole or not at all, and once`, { skip }, async (context) => {
    const place = await placeFor(context, kind);
    const sink = sinkOf(await destinationAt(context, place));
    const begun = await sink.begin(item('team-activity', day));
    assert.ok(begun.status === 'write');
    await begun.write.write(Buffer.from(teamActivityXml));
    await begun.write.abort();
    assert.equal(await sink.find(day), undefined);
    await assert.rejects(
      storeIn(sink, 'team-activity', day, teamActivityXml.slice(0, -30)),
      (error) => error instanceof Failure && error.kind === 'transient',
    );
    const wrong = await sink.begin(item('team-activity', day));
    assert.ok(wrong.status === 'write');
    await wrong.write.write(Buffer.from(teamActivityXml));
    await assert.rejects(wrong.write.commit(contentOf('other')), { code: 'content-mismatch' });
    for (const table of ['ic_report', 'ic_team', 'ic_team_event'])
      assert.equal(await countIn(place, table), 0);
    // Two attempts at once: what the second one stores replaces what the first one did.
    const [one, two] = [
      await sink.begin(item('team-activity', day)),
      await sink.begin(item('team-activity', day)),
    ];
    for (const attempt of [one, two]) {
      assert.ok(attempt.status === 'write');
      await attempt.write.write(Buffer.from(teamActivityXml));
    }
    await Promise.all(
      [one, two].map(
        (attempt) => attempt.status === 'write' && attempt.write.commit(contentOf(teamActivityXml)),
      ),
    );
    assert.equal(await storeIn(sink, 'team-activity', day, teamActivityXml), 'unchanged');
    assert.equal(await countIn(place, 'ic_report'), 1);
    assert.equal(await countIn(place, 'ic_team_event'), 3);
    assert.equal(await countIn(place, 'ic_team_event_data'), 12);
    await storeIn(sink, 'team-activity', 'another day', teamActivityXml);
    assert.equal(await countIn(place, 'ic_team_event'), 6);
  });

  test(`${name}: a data type without tables is refused`, { skip }, async (context) => {
    const place = await placeFor(context, kind);
    const sink = sinkOf(await destinationAt(context, place));
    await assert.rejects(sink.begin(item('license-usage', 'x')), { kind: 'terminal', code: 'no-tables' });
  });
}
