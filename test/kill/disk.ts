import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { DatabaseSync } from 'node:sqlite';
import type { Killer } from './killer.ts';

/*
 * Below the ports: the moments at which something becomes lasting. They lie between the calls on the ports: a
 * transaction of the database a destination writes to, one of the durable back end, a file that gets its name.
 */

/** Makes these moments known to whichever killer is at work. */
export function watchDisk(killer: () => Killer): void {
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (sql: string) {
    if (sql !== 'COMMIT') return exec.call(this, sql);
    const end = killer().begin('disk.commit');
    exec.call(this, sql);
    end();
  };
  const { link, rename } = fs;
  fs.link = (...call) => killer().call('disk.link', () => link(...call));
  fs.rename = (...call) => killer().call('disk.rename', () => rename(...call));
  syncBuiltinESMExports();
}
