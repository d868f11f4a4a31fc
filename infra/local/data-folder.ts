import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolder } from '../../shared/state/durable-folder.ts';

const MARK = '.integration-client';
const HOST = 'host.db';

/** Where everything of a local installation lives. */
export interface DataFolder {
  readonly folder: string;
  readonly state: string;
  readonly host: string;
  readonly staging: string;
  readonly secrets: string;
  readonly demo: string;
  readonly files: string;
  readonly sessions: string;
  /** The token of the API: see api-token.ts. */
  readonly apiToken: string;
  /** A folder. */
  readonly log: string;
}

/**
 * Makes the folder, empty first if asked for. Only a folder that this program made, or an empty one, is emptied.
 * Throws an Error with one line for a person.
 */
export async function openDataFolder(folder: string, reset: boolean): Promise<DataFolder> {
  if (reset && existsSync(folder)) {
    const own = existsSync(join(folder, MARK)) || readdirSync(folder).length === 0;
    if (!own)
      throw new Error(`--reset: ${folder} was not made by this program; empty it yourself or take another.`);
    refuseInUse(folder, '--reset');
    rmSync(folder, { recursive: true });
  }
  try {
    await makeFolder(folder, 0o700);
    writeFileSync(join(folder, MARK), 'Everything of a local installation lives in this folder.\n');
  } catch (error) {
    throw new Error(
      `--data ${folder}: ${(error as NodeJS.ErrnoException).code ?? String(error)}; give a folder that can be written.`,
    );
  }
  return {
    folder,
    state: join(folder, 'state.db'),
    host: join(folder, HOST),
    staging: join(folder, 'staging'),
    secrets: join(folder, 'secrets.json'),
    demo: join(folder, 'demo.json'),
    files: join(folder, 'files'),
    sessions: join(folder, 'sessions.db'),
    apiToken: join(folder, 'api-token'),
    log: join(folder, 'logs'),
  };
}

/**
 * The host's database is locked for as long as its process lives: what it works with is not taken from under it.
 * Throws an Error with one line for a person.
 */
export function refuseInUse(folder: string, option: '--data' | '--reset'): void {
  const path = join(folder, HOST);
  if (!existsSync(path)) return;
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK');
  } catch (error) {
    // SQLITE_BUSY. One that is damaged may be removed like any other.
    if ((error as { errcode?: number }).errcode === 5)
      throw new Error(`${option}: an instance runs with ${folder}; stop it first, or take another folder.`);
  } finally {
    database.close();
  }
}
