import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readSessionReport } from '../shared/appliance/session-report.ts';
import type { Origin, SessionVersion } from '../shared/destinations/destination.ts';
import { sinkOf } from './contract/session-sink-contract.ts';
import { praOrigin, rsOrigin } from './contract/session-sink-fixtures.ts';
import { destinationAt, placeFor, rowsIn, type SqlPlace, sqlKinds } from './destination-sql-places.ts';
import { praSample, rsSample, type SampleRows } from './destination-sql-sample-rows.ts';

/** Columns as the guides print them, keys apart. */
const guide: Readonly<Record<keyof SampleRows, readonly string[]>> = {
  session: [
    'lsid',
    'type',
    'start_time',
    'end_time',
    'duration',
    'file_transfers',
    'host_name',
    'external_key',
    'public_site_id',
    'public_site_name',
    'lseq',
    'Jump_group_id',
    'Jump_group_name',
    'Jump_group_type',
  ],
  session_event: [
    'type',
    'event_time',
    'performed_by',
    'performed_by_type',
    'destination',
    'destination_type',
  ],
  session_event_data: ['name', 'value'],
  representative: [
    'gs_number',
    'user_id',
    'user_name',
    'display_name',
    'public_display_name',
    'display_number',
    'public_ip',
    'private_ip',
    'is_owner',
    'is_primary',
    'duration',
    'host_name',
    'operating_system',
  ],
  customer: [
    'gs_number',
    'issue',
    'issue_description',
    'display_name',
    'company_name',
    'company_code',
    'public_ip',
    'private_ip',
    'rpat_support',
    'host_name',
    'operating_system',
  ],
  team: ['team_id', 'name', 'is_primary'],
  custom_attribute: ['display_name', 'code_name', 'value'],
};
/** Texts that look like numbers stay texts. */
const textColumns = new Set(['value', 'external_key', 'duration_text', 'display_name', 'code_name', 'name']);

async function read(file: string): Promise<SessionVersion[]> {
  const xml = readFileSync(new URL(`samples/${file}`, import.meta.url));
  const versions: SessionVersion[] = [];
  for await (const { session, hash } of readSessionReport(chunks(xml)))
    versions.push({ session, hash, closed: session.endTime !== null, readAt: 1_760_100_000 });
  return versions;
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

/** The database's rows in the form of the expected ones: keys become numbers counted from 0. */
async function rowsOf(place: SqlPlace): Promise<SampleRows> {
  const numbersOf = async (table: string) =>
    new Map((await rowsIn(place, table)).map(({ id }, index) => [id, index]));
  const parents = {
    session_id: await numbersOf('session'),
    session_event_id: await numbersOf('session_event'),
  };
  const result: Record<string, unknown[][]> = {};
  for (const [table, columns] of Object.entries(guide)) {
    const rows = await rowsIn(place, table);
    result[table] = rows.map((row) => {
      const key = (['session_id', 'session_event_id'] as const).find((name) => name in row);
      const parent = key === undefined ? [] : [parents[key].get(row[key])];
      const value = (column: string) =>
        textColumns.has(column) && row[column] !== null ? String(row[column]) : row[column];
      return [...parent, ...columns.map(value)];
    });
  }
  return result as unknown as SampleRows;
}

const cases: readonly [string, string, Origin, SampleRows][] = [
  ['Privileged Remote Access', 'pra-access-session.xml', praOrigin, praSample],
  ['Remote Support', 'rs-support-sessions.xml', rsOrigin, rsSample],
];

for (const kind of sqlKinds)
  for (const [product, file, origin, expected] of cases)
    test(`${kind.name}: the sample document of ${product} gives the rows the guides describe`, {
      skip: kind.skip,
    }, async (context) => {
      const place = await placeFor(context, kind);
      const sink = sinkOf(await destinationAt(context, place));
      const versions = await read(file);
      const outcomes = await sink.store(origin, versions);
      assert.ok(outcomes.every(({ status }) => status === 'stored'));
      const rows = await rowsOf(place);
      for (const table of Object.keys(guide) as (keyof SampleRows)[])
        assert.deepEqual(rows[table], expected[table], table);
    });

for (const kind of sqlKinds)
  test(`${kind.name}: system information is the category's content as sent`, {
    skip: kind.skip,
  }, async (context) => {
    const place = await placeFor(context, kind);
    const sink = sinkOf(await destinationAt(context, place));
    await sink.store(praOrigin, await read('pra-access-session.xml'));
    const xml = readFileSync(new URL('samples/pra-access-session.xml', import.meta.url), 'utf8');
    const rows = await rowsIn(place, 'system_information');
    assert.deepEqual(
      rows.map(({ category }) => category),
      ['General', 'Drives'],
    );
    for (const { category, information } of rows) {
      const [, after = ''] = xml.split(`<category name="${category}">`);
      assert.equal(information, after.split('</category>', 1)[0]);
      assert.match(String(information), /<field /);
    }
    const events = await rowsIn(place, 'session_event');
    assert.ok(rows.every((row) => row.session_event_id === events[6]?.id));
  });
