/**
 * A host of its own process that takes one orchestration to its end and prints its status. With a number as
 * third argument it kills itself right after that many commits, counting from its start.
 */
import { DatabaseSync } from 'node:sqlite';
import { openHost } from './harness.ts';

const [database = '', commits] = process.argv.slice(2);
const exec = DatabaseSync.prototype.exec;
let left = commits === undefined ? Number.POSITIVE_INFINITY : Number(commits);
DatabaseSync.prototype.exec = function (sql: string) {
  exec.call(this, sql);
  if (sql === 'COMMIT' && --left === 0) process.kill(process.pid, 'SIGKILL');
};

const host = await openHost(database);
const response = await host.manage('instances/journey');
if (response.status === 404) await host.start('journey', 'journey', { left: 0, log: [] });
const status = await host.done('journey');
await host.host.idle();
await host.host.close();
console.log(JSON.stringify(status));
