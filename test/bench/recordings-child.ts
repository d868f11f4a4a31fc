/**
 * Brings recordings from an appliance to a folder or to Blob storage, our way or plainly, and prints how long it took
 * and the most memory (RSS) that was seen. One errand a process; see recordings.ts.
 */
import { pool } from '../../shared/transfer/pool.ts';
import { AT_ONCE, type Errand, type Measured } from './recordings-errand.ts';

const errand = JSON.parse(process.argv[2] ?? '') as Errand;
const carry =
  errand.way === 'ours'
    ? await (await import('./recordings-ours.ts')).ours(errand)
    : await (await import('./recordings-plain.ts')).plain(errand);
const startBytes = process.memoryUsage.rss();
let peakBytes = 0;
const look = () => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
};
const timer = setInterval(look, 10);
const before = process.cpuUsage();
const startedAt = performance.now();
await pool(errand.lsids, AT_ONCE, async (lsid) => {
  const size = await carry(lsid);
  if (size !== errand.bytes) throw new Error(`${size} bytes of ${lsid}`);
});
const seconds = (performance.now() - startedAt) / 1000;
const { user, system } = process.cpuUsage(before);
clearInterval(timer);
look();
console.log(
  JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6, peakBytes, startBytes } satisfies Measured & {
    startBytes: number;
  }),
);
process.exit(0);
