import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { runCli } from '../infra/cli/run-cli.ts';
import { listAudit } from '../shared/access/audit-list.ts';
import { loadSettings } from '../shared/settings/settings-store.ts';
import { script, sql } from './destination-sql-support.ts';
import { type Installation, resultOf, startInstallation } from './support/installation.ts';

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly said: string;
}

async function cli(...args: string[]): Promise<Ended> {
  let out = '';
  let said = '';
  const code = await runCli(args, {
    out: (text) => {
      out += text;
    },
    say: (line) => {
      said += `${line}\n`;
    },
    progress: () => {},
  });
  return { code, out, said };
}

let installation: Installation | undefined;
async function stored(): Promise<Installation> {
  if (installation === undefined) {
    installation = await startInstallation();
    await installation.run();
  }
  return installation;
}
after(() => installation?.close());

test('sql schema prints a script that makes the tables', async () => {
  const { code, out } = await cli('sql', 'schema', '--dialect', 'sqlite');
  assert.equal(code, 0);
  const database = new DatabaseSync(':memory:');
  database.exec(out);
  assert.equal(database.prepare('SELECT count(*) AS n FROM session').get()?.n, 0);
  database.close();
  const printed = await cli('sql', 'schema', '--dialect', 'mssql', '--schema', 'ic');
  assert.match(printed.out, /CREATE TABLE \[ic\]\.\[session_event\]/);
  assert.match(printed.out, /^GO$/m);
});

test('sql commands say in one line what is wrong with what they were given', async () => {
  const { folder } = (await stored()).data;
  const cases: [string[], RegExp][] = [
    [[], /give one of schema, examine, move, files/],
    [['drop'], /give one of/],
    [['schema'], /--dialect: give mssql or sqlite/],
    [['schema', '--dialect', 'mssql', '--schema', 'a;b'], /letters, digits/],
    [['schema', '--dialect', 'sqlite', '--schema', 'a'], /is for --dialect mssql/],
    [['move', '--data', folder, '--from', 'database'], /Give --from and --to/],
    [
      ['move', '--data', folder, '--from', 'x', '--to', 'database'],
      /no such SQL destination; there are: database/,
    ],
    [['move', '--data', folder, '--from', 'folder', '--to', 'database'], /no such SQL destination/],
    [['examine', '--data', folder], /--destination: give the id/],
    [['examine', '--data', `${folder}-none`, '--destination', 'database'], /no installation/],
  ];
  for (const [args, expected] of cases) {
    const { code, said, out } = await cli('sql', ...args);
    assert.deepEqual([code, out], [2, ''], args.join(' '));
    assert.match(said, expected);
    assert.doesNotMatch(said.trimEnd(), /\n/);
  }
});

test('sql examine tells what it finds, and what can be done about it', async () => {
  const { data } = await stored();
  const fine = await cli('sql', 'examine', '--data', data.folder, '--destination', 'database');
  assert.deepEqual([fine.code, fine.out], [0, '']);
});

test('sql files tells a database everything again', async () => {
  const { data } = await stored();
  const before = sql(data.sessions, 'SELECT item_hash, name, sha256 FROM ic_file ORDER BY 1');
  script(data.sessions, 'DELETE FROM ic_file');
  const told = await cli('sql', 'files', '--data', data.folder, '--destination', 'database');
  assert.equal(told.code, 0);
  assert.match(told.said, new RegExp(`knows of ${before.length} files`));
  assert.deepEqual(sql(data.sessions, 'SELECT item_hash, name, sha256 FROM ic_file ORDER BY 1'), before);
});

test('sql move copies a database, and the destination goes on in the new one where it was', async () => {
  const place = await stored();
  const { data } = place;
  const target = join(data.folder, 'moved.db');
  const args = ['--data', data.folder, '--from', 'database', '--to', `sqlite:${target}`];
  const sessions = Number(sql(data.sessions, 'SELECT count(*) AS n FROM session')[0]?.n);
  assert.ok(sessions > 5);
  const moved = await cli('sql', 'move', ...args, '--take-over');
  assert.equal(moved.code, 0, moved.said);
  assert.match(moved.out, new RegExp(`^session: ${sessions} rows, ${sessions} in the new database$`, 'm'));
  const { settings } = await loadSettings(place.services.state);
  const destination = settings.destinations.find(({ id }) => id === 'database');
  assert.ok(destination);
  assert.equal((destination.settings as { path: string }).path, target);
  const audit = await listAudit(place.services.state, { limit: 9 });
  assert.deepEqual(
    audit.entries.map(({ operation, outcome, changes }) => [operation, outcome, changes]),
    [
      ['sqlMoveTakeOver', 'done', ['destinations[database].settings']],
      ['sqlMoveTakeOver', 'asked', undefined],
    ],
  );
  const again = await cli(
    'sql',
    'move',
    '--data',
    data.folder,
    '--from',
    `sqlite:${data.sessions}`,
    '--to',
    'database',
  );
  assert.equal(again.code, 2);
  assert.match(again.said, /rows in session; give an empty one/);
  place.passTime(3600);
  const run = await place.run();
  assert.equal(run.status, 'succeeded');
  // The lag is read again and nothing of it is stored again: three new sessions an hour.
  const { counts } = resultOf(run, 'session-data', 'database');
  assert.ok(counts.stored <= 6, JSON.stringify(counts));
  assert.equal(
    Number(sql(target, 'SELECT count(*) AS n FROM session')[0]?.n),
    Number(sql(target, 'SELECT count(DISTINCT lsid) AS n FROM session')[0]?.n),
  );
  assert.ok(Number(sql(target, 'SELECT count(*) AS n FROM session')[0]?.n) > sessions);
  assert.equal(Number(sql(data.sessions, 'SELECT count(*) AS n FROM session')[0]?.n), sessions);
});
