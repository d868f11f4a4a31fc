/**
 * The product over a data folder in a process of its own, for a test that kills it: prints where its API is. What it
 * shall work with was saved there before.
 */
import { openDataFolder } from '../../infra/local/data-folder.ts';
import { localPorts, localServices } from '../../infra/local/local-services.ts';
import { startStack } from '../../infra/local/stack.ts';
import { apiHeaders, KeptLog } from './installation.ts';

const [folder = ''] = process.argv.slice(2);
const data = await openDataFolder(folder, false);
const log = new KeptLog();
const services = localServices(localPorts(data), log, {
  apiToken: (apiHeaders.authorization ?? '').replace('Bearer ', ''),
});
const stack = await startStack({
  services,
  log,
  database: data.host,
  port: 0,
  timers: 'off',
  delivery: 'twice-overlapping',
});
console.log(stack.host.url);
