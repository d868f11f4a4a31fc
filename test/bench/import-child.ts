/**
 * Sends a session report of so many megabytes to the whole product in this process, in parts over its HTTP API, loads it
 * into a SQLite database, and prints the largest memory (RSS, in MB) seen, with the seconds that both took.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataFolder } from '../../infra/local/data-folder.ts';
import { localPorts, localServices } from '../../infra/local/local-services.ts';
import { startStack } from '../../infra/local/stack.ts';
import { isFinished, type Run } from '../../shared/runs/run.ts';
import { saveSettings } from '../../shared/settings/settings-store.ts';
import { callApi, type ShownImport } from '../support/imports.ts';
import { apiHeaders, databaseSetting, KeptLog, resultOf } from '../support/installation.ts';
import { REPORT_HEAD, REPORT_TAIL, sessionXml } from './report-fixture.ts';

/** Small, so that a small file has several too: what is compared is sizes of files. */
const PART = 1024 * 1024;
const bytes = Number(process.argv[2]) * 1_000_000;
const folder = mkdtempSync(join(tmpdir(), 'bench-import-'));
const data = await openDataFolder(join(folder, 'data'), false);
const log = new KeptLog();
const apiToken = (apiHeaders.authorization ?? '').replace('Bearer ', '');
const services = localServices(localPorts(data), log, { apiToken });
await saveSettings(services.state, {
  sites: [],
  destinations: [databaseSetting(data.sessions)],
  schedules: [],
});
const stack = await startStack({ services, log, database: data.host, port: 0, timers: 'off' });

let peak = 0;
let samples = 0;
const sample = () => {
  // Else what is seen is how long the engine lets garbage lie.
  if (samples++ % 40 === 0) globalThis.gc?.();
  peak = Math.max(peak, process.memoryUsage.rss());
  log.lines.length = 0;
};
const sampling = setInterval(sample, 50);

/** Parts, made as they are asked for: sessions until the size is reached. */
function* parts(): Generator<Buffer> {
  let waiting = Buffer.from(REPORT_HEAD);
  let made = waiting.length;
  for (let number = 0; made < bytes; number++) {
    const chunks = [waiting];
    let length = waiting.length;
    for (; length < PART && made < bytes; number++) {
      const session = Buffer.from(sessionXml(number));
      chunks.push(session);
      length += session.length;
      made += session.length;
    }
    number--;
    if (made >= bytes) chunks.push(Buffer.from(REPORT_TAIL));
    waiting = Buffer.concat(chunks);
    while (waiting.length >= PART) {
      yield waiting.subarray(0, PART);
      waiting = Buffer.from(waiting.subarray(PART));
    }
  }
  if (waiting.length > 0) yield waiting;
}

let size = 0;
for (const part of parts()) size += part.length;
const at = { stack };
const { body: made } = await callApi<ShownImport>(at, 'POST', '/imports', {
  name: 'bench.xml',
  size,
  partBytes: PART,
});
const began = performance.now();
let number = 0;
for (const part of parts()) {
  const { status, body } = await callApi(at, 'PUT', `/imports/${made.id}/parts/${++number}`, part);
  if (status !== 200) throw new Error(JSON.stringify(body));
}
const sent = performance.now();
const { body: started } = await callApi<Run>(at, 'POST', `/imports/${made.id}/start`, {
  host: 'bench.example.com',
  destinations: ['database'],
  dataTypes: ['session-data'],
});
await stack.host.idle();
const loaded = performance.now();
sample();
clearInterval(sampling);
const { body: run } = await callApi<Run>(at, 'GET', `/runs/${started.id}`);
if (!isFinished(run) || run.status !== 'succeeded') throw new Error(JSON.stringify(run));
const { stored } = resultOf(run, 'session-data', 'database').counts;
await stack.close();
rmSync(folder, { recursive: true, force: true });
console.log(
  JSON.stringify({
    peak: peak / 1_000_000,
    megabytes: size / 1_000_000,
    sessions: stored,
    sending: (sent - began) / 1000,
    loading: (loaded - sent) / 1000,
  }),
);
