/**
 * Loads functions in a process of their own and prints one line of JSON: `cpuMs` of loading, `functions` as registered
 * in the local host, `health` the status of GET /api/health. Arguments: folder that holds host.json, glob of functions,
 * folder for the host's database.
 */
import { join, resolve } from 'node:path';
import { startLocalHost } from '../local/host/index.ts';
import { loadFunctions } from '../local/host/load-functions.ts';

const [folder = '', glob = '', data = ''] = process.argv.slice(2);
const functionFiles = [resolve(folder, glob)];
const before = process.cpuUsage();
await loadFunctions(functionFiles);
const { user, system } = process.cpuUsage(before);
const host = await startLocalHost({
  functionFiles,
  hostJson: join(folder, 'host.json'),
  database: join(data, 'host.db'),
  port: 0,
  timers: 'off',
});
const { status } = await fetch(`${host.url}/api/health`);
const loaded = { cpuMs: (user + system) / 1000, functions: host.functions, health: status };
// The host is not closed: the last lines of the log would be offered to a storage that is not there.
process.stdout.write(`${JSON.stringify(loaded)}\n`, () => process.exit());
