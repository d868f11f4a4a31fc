import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { databasePath, sql } from './destination-sql-support.ts';

const program = fileURLToPath(new URL('destination-sql-writer.ts', import.meta.url));
const SIZE = 120;
const EVENTS = 20;

function startWriter(path: string, first: number, count: number) {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', program, path, String(first), String(count), String(SIZE)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  return { child, lines, closed: once(child, 'close') };
}

function countIn(path: string, table: string): number {
  return Number(sql(path, `SELECT count(*) n FROM ${table}`)[0]?.n);
}

test('a process killed at any moment leaves each batch whole or absent, and a repeat completes it', async (context) => {
  const path = databasePath(context);
  let cutOff = 0;
  let next = 0;
  for (let round = 0; round < 6; round++) {
    const { child, lines, closed } = startWriter(path, next, 1000);
    while (!lines.some((line) => line.startsWith('begin'))) await sleep(2);
    await sleep(10 + Math.random() * 60);
    child.kill('SIGKILL');
    await closed;
    const begun = lines.filter((line) => line.startsWith('begin')).length;
    const ended = lines.filter((line) => line.startsWith('end')).length;
    const stored = countIn(path, 'session');
    assert.equal(stored % SIZE, 0, 'batches are whole');
    assert.ok(stored / SIZE >= next + ended, 'what was reported as stored is there');
    assert.ok(stored / SIZE <= next + begun);
    assert.equal(countIn(path, 'session_event'), stored * EVENTS);
    assert.equal(countIn(path, 'session_event_data'), stored * EVENTS * 2);
    assert.equal(countIn(path, 'ic_session'), stored);
    if (begun > ended) cutOff++;
    // The batch that was cut off is given again, as the product does.
    next += ended;
  }
  assert.ok(cutOff > 0, 'some batch was under way when the process was killed');
  assert.deepEqual(sql(path, 'PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
  assert.deepEqual(sql(path, 'PRAGMA foreign_key_check'), []);
});

test('processes that store the same sessions at once leave what one would', async (context) => {
  const path = databasePath(context);
  const writers = [0, 0, 0].map((first) => startWriter(path, first, 4));
  for (const { closed } of writers) assert.deepEqual(await closed, [0, null]);
  const ends = writers.flatMap(({ lines }) => lines.filter((line) => line.startsWith('end')));
  const sum = (field: number) => ends.reduce((total, line) => total + Number(line.split(' ')[field]), 0);
  assert.deepEqual([sum(2), sum(3)], [4 * SIZE, 8 * SIZE], 'each session stored by one, unchanged for two');
  assert.equal(countIn(path, 'session'), 4 * SIZE);
  assert.equal(countIn(path, 'session_event'), 4 * SIZE * EVENTS);
  assert.equal(countIn(path, 'representative'), 4 * SIZE);
  assert.deepEqual(sql(path, 'PRAGMA foreign_key_check'), []);
});
