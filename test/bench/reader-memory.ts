/**
 * Reads a report of so many megabytes and prints the largest memory (RSS, in MB) seen. Looked at often, and not taken
 * from the system's high-water mark, which begins with that of the process that started this one. The report is one
 * megabyte of sessions over and over, so that making it asks for no memory.
 */
import { readSessionReport } from '../../shared/appliance/session-report.ts';
import { REPORT_HEAD, REPORT_TAIL, sessionXml } from './report-fixture.ts';

const CHUNK = 64 * 1024;
const block = Buffer.concat(Array.from({ length: 64 }, (_, number) => Buffer.from(sessionXml(number))));

async function* report(bytes: number): AsyncGenerator<Uint8Array> {
  yield Buffer.from(REPORT_HEAD);
  for (let made = 0; made < bytes; made += block.length) {
    for (let from = 0; from < block.length; from += CHUNK) yield block.subarray(from, from + CHUNK);
  }
  yield Buffer.from(REPORT_TAIL);
}

let sessions = 0;
let peak = 0;
for await (const { session } of readSessionReport(report(Number(process.argv[2]) * 1_000_000))) {
  if (session.lsid !== '' && ++sessions % 50 === 0) peak = Math.max(peak, process.memoryUsage.rss());
}
if (peak === 0) throw new Error('too little was read');
console.log(peak / 1_000_000);
