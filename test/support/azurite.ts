import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Microsoft's published development key; not a secret. */
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const host = '127.0.0.1';
const services = ['blob', 'queue', 'table'];
const names = ['devstoreaccount1', ...Array.from({ length: 49 }, (_, at) => `testaccount${at + 2}`)];

export interface Azurite {
  readonly connectionString: string;
  readonly blobUrl: string;
  readonly tableUrl: string;
  stop(): Promise<void>;
}

/** A running Azurite: where it listens, and which of its accounts are taken, as names in a folder. */
interface Shared {
  readonly blobPort: string;
  readonly tablePort: string;
  readonly taken: string;
}

/** Blob and Table storage on loopback, in memory: an account for a test file, of the Azurite of the whole run if there is one. */
export async function startAzurite(): Promise<Azurite> {
  const { TEST_AZURITE } = process.env;
  if (TEST_AZURITE !== undefined) return freeAccount(JSON.parse(TEST_AZURITE) as Shared);
  const { ports, stop } = await startProcess();
  return { ...account(names[0] ?? '', ports), stop };
}

/** One Azurite for the test files of a whole run: the processes that are started later use it. @param folder of the run */
export async function shareAzurite(folder: string): Promise<{ stop(): Promise<void> }> {
  const taken = join(folder, 'azurite-accounts');
  mkdirSync(taken);
  const { ports, stop } = await startProcess();
  process.env.TEST_AZURITE = JSON.stringify({ ...ports, taken } satisfies Shared);
  return { stop };
}

function freeAccount({ taken, ...ports }: Shared): Azurite {
  for (const name of names) {
    try {
      mkdirSync(join(taken, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw error;
    }
    return { ...account(name, ports), stop: async () => {} };
  }
  throw new Error('no account of Azurite is left: give it more names');
}

function account(name: string, { blobPort, tablePort }: Omit<Shared, 'taken'>): Omit<Azurite, 'stop'> {
  const blobUrl = `http://${host}:${blobPort}/${name}`;
  const tableUrl = `http://${host}:${tablePort}/${name}`;
  return {
    blobUrl,
    tableUrl,
    connectionString:
      `DefaultEndpointsProtocol=http;AccountName=${name};AccountKey=${key};` +
      `BlobEndpoint=${blobUrl};TableEndpoint=${tableUrl};`,
  };
}

async function startProcess() {
  const main = join(createRequire(import.meta.url).resolve('azurite/package.json'), '../dist/src/azurite.js');
  const child = spawn(
    process.execPath,
    [
      main,
      '--silent',
      '--inMemoryPersistence',
      '--skipApiVersionCheck',
      '--disableTelemetry',
      ...services.flatMap((service) => [`--${service}Host`, host, `--${service}Port`, '0']),
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, AZURITE_ACCOUNTS: names.map((name) => `${name}:${key}`).join(';') },
    },
  );
  // Also when this process is ended, or fails, before anybody stops it.
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  try {
    const ports = await listeningPorts(child, services.length);
    const ends = { blobPort: ports.get('Blob') ?? '', tablePort: ports.get('Table') ?? '' };
    return { ports: ends, stop: () => stop(child) };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

function listeningPorts(child: ChildProcess, wanted: number): Promise<Map<string, string>> {
  const ports = new Map<string, string>();
  let said = '';
  return new Promise((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      for (const match of said.matchAll(/Azurite (\w+) service is successfully listening at \S+:(\d+)/g)) {
        if (match[1] && match[2]) ports.set(match[1], match[2]);
      }
      if (ports.size === wanted) resolve(ports);
    };
    // Both are read to the end, so that Azurite never waits for a reader.
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`Azurite did not start: ${said}`)));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
