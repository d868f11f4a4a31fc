import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HostDatabase } from '../../infra/local/host/durable/database.ts';
import type { HistoryEvent } from '../../infra/local/host/durable/history.ts';

/** One generation of an orchestration as the local host wrote it down. */
export interface RecordedHistory {
  readonly instanceId: string;
  readonly executionId: string;
  readonly name: string;
  /** JSON of the parent instance, or null. */
  readonly parent: string | null;
  readonly events: readonly HistoryEvent[];
}

const folder = import.meta.dirname;

/** Histories by the name they were recorded under. */
export function recordedHistories(): Map<string, readonly RecordedHistory[]> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return new Map(
    files
      .sort()
      .map((file) => [
        file.slice(0, -'.json'.length),
        JSON.parse(readFileSync(join(folder, file), 'utf8')) as readonly RecordedHistory[],
      ]),
  );
}

/** Makes the host's database keep what it removes: generations that have gone on as new ones. Before the host is started. */
export function keepGenerations(path: string): void {
  new HostDatabase(path).close();
  const database = new DatabaseSync(path);
  database.exec(
    `CREATE TABLE kept (instance_id TEXT, seq INTEGER, event TEXT);
     CREATE TRIGGER keep_history BEFORE DELETE ON history BEGIN
       INSERT INTO kept VALUES (OLD.instance_id, OLD.seq, OLD.event);
     END`,
  );
  database.close();
}

interface RecordedRow {
  readonly instanceId: string;
  readonly name: string;
  readonly parent: string | null;
  readonly seq: number;
  readonly event: string;
}

/** Writes down every history there is. One event a line: a change of a fixture can be read. */
export function saveHistories(path: string, name: string): void {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database
    .prepare(
      `SELECT instance_id AS instanceId, name, parent, seq, event FROM (
         SELECT instance_id, seq, event, 0 AS last, rowid AS at FROM kept
         UNION ALL SELECT instance_id, seq, event, 1, seq FROM history
       ) JOIN instances USING (instance_id) ORDER BY created_at, instance_id, last, at`,
    )
    .all() as unknown as RecordedRow[];
  database.close();
  const generations: RecordedRow[][] = [];
  for (const row of rows) {
    const before = generations.at(-1)?.at(-1);
    if (before?.instanceId === row.instanceId && before.seq < row.seq) generations.at(-1)?.push(row);
    else generations.push([row]);
  }
  writeFileSync(join(folder, `${name}.json`), `[\n${generations.map(textOf).join(',\n')}\n]\n`);
}

function textOf(rows: readonly RecordedRow[]): string {
  const events = rows.map(({ event }) => JSON.parse(event) as HistoryEvent);
  const started = events.find((event) => event.Kind === 'ExecutionStarted');
  const executionId = started?.Kind === 'ExecutionStarted' ? started.OrchestrationInstance.ExecutionId : '';
  const { instanceId = '', name = '', parent = null } = rows[0] ?? {};
  const about = JSON.stringify({ instanceId, executionId, name, parent }).slice(0, -1);
  return `${about},"events":[\n${events.map((event) => JSON.stringify(event)).join(',\n')}\n]}`;
}
