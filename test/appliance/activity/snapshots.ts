import { hash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Settings } from '../options.ts';
import { mix, Random } from '../random.ts';
import type { FileTruth } from '../simulated-appliance.ts';
import { zipOf } from './zip.ts';

/** ZIP files that show the moment they are asked for: no two are the same. */
export interface Snapshots {
  syslog(now: number): Buffer;
  endpointLicenseUsage(): Buffer;
  readonly lastSyslog: FileTruth | undefined;
  readonly lastEndpointLicenseUsage: FileTruth | undefined;
}

export function createSnapshots(settings: Settings): Snapshots {
  let logs = 0;
  let usages = 0;
  let syslog: Buffer | undefined;
  let usage: Buffer | undefined;
  return {
    syslog(now) {
      const serial = logs++;
      const lines = (from: number, count: number) =>
        Buffer.from(
          Array.from({ length: count }, (_, line) => syslogLine(settings, serial, from + line)).join(''),
        );
      syslog = zipOf([
        { name: 'syslog', content: lines(now - 60, 60) },
        { name: 'syslog.1.gz', content: gzipSync(lines(now - 3660, 300)) },
        { name: 'syslog.2.gz', content: gzipSync(lines(now - 7260, 300)) },
      ]);
      return syslog;
    },
    endpointLicenseUsage() {
      usage = zipOf([{ name: 'jump_items.csv', content: Buffer.from(jumpItems(settings, usages++)) }]);
      return usage;
    },
    get lastSyslog() {
      return truthOf(syslog);
    },
    get lastEndpointLicenseUsage() {
      return truthOf(usage);
    },
  };
}

function truthOf(file: Buffer | undefined): FileTruth | undefined {
  return file && { size: file.length, sha256: hash('sha256', file, 'hex') };
}

/** As seen: a line of one part, its fields joined by semicolons. */
function syslogLine({ seed, siteHost }: Settings, serial: number, time: number): string {
  const stamp = new Date(time * 1000).toUTCString().slice(5, 25);
  const number = mix(seed, time, 90) % 100_000;
  const event = ['login', 'logout', 'setting_changed', 'syslog_report_generated'][number % 4];
  return `${stamp} ${siteHost} BG[${1000 + serial}]: ${number}:01:01:site=${siteHost};when=${time};event=${event};who=Mei \\; Co\n`;
}

/** Quoted CSV (observed). */
function jumpItems({ seed }: Settings, serial: number): string {
  const random = new Random(seed, serial, 91);
  const rows = Array.from({ length: 20 }, (_, place) => [
    `Server ${place} "main"`,
    `10.0.${place}.${1 + random.int(254)}`,
    place % 3 === 0 ? '' : 'DC-West',
    '',
    random.chance(0.8) ? 'Yes' : 'No',
    random.pick(['Remote RDP', 'Shell Jump', 'Jump Client']),
    'Database Servers',
  ]);
  const header = ['Item Name', 'Hostname / IP', 'Jumpoint', 'Remote App', 'License', 'Method', 'Jump Group'];
  return [header, ...rows]
    .map((row) => `${row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')}\r\n`)
    .join('');
}
