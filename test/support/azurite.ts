import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Microsoft's published development account; not a secret. */
const account = 'devstoreaccount1';
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

export interface Azurite {
  readonly connectionString: string;
  readonly blobUrl: string;
  readonly tableUrl: string;
  stop(): Promise<void>;
}

/** Blob and Table storage on loopback, on free ports, in memory: one for a test file, stopped in its `after`. */
export async function startAzurite(): Promise<Azurite> {
  const main = join(createRequire(import.meta.url).resolve('azurite/package.json'), '../dist/src/azurite.js');
  const host = '127.0.0.1';
  const services = ['blob', 'queue', 'table'];
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
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  try {
    const ports = await listeningPorts(child, services.length);
    const blobUrl = `http://${host}:${ports.get('Blob')}/${account}`;
    const tableUrl = `http://${host}:${ports.get('Table')}/${account}`;
    return {
      blobUrl,
      tableUrl,
      connectionString:
        `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};` +
        `BlobEndpoint=${blobUrl};TableEndpoint=${tableUrl};`,
      stop: () => stop(child),
    };
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
