import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import type * as Functions from '@azure/functions';
import type * as Durable from 'durable-functions';
import { openHost, withDirectory } from './local-host/harness.ts';

interface Packages {
  readonly app: typeof Functions.app;
  readonly df: typeof Durable;
}

type Register = (packages: Packages) => void;

/** Imported only when the host has been set up, as the product's functions are. */
async function packages(): Promise<Packages> {
  const [{ app }, df] = await Promise.all([import('@azure/functions'), import('durable-functions')]);
  return { app, df };
}

function refused(register: Register, expected: RegExp, hostJson: object = { version: '2.0' }): Promise<void> {
  return withDirectory(async (directory) => {
    const functionFiles = async () => register(await packages());
    await assert.rejects(openHost(join(directory, 'host.db'), { functionFiles, hostJson }), expected);
  });
}

const handler = () => ({});

test('what the host does not do stops it at start, with the name of the function', async () => {
  await refused(
    ({ app }) => app.storageQueue('q', { queueName: 'q', connection: 'c', handler }),
    /"q".*queueTrigger/,
  );
  await refused(({ df }) => df.app.entity('e', () => {}), /"e".*entityTrigger/);
  await refused(
    ({ app }) =>
      app.http('o', { handler, extraOutputs: [{ type: 'queue', name: 'out', direction: 'out' } as never] }),
    /"o".*queue/,
  );
  await refused(
    ({ app }) =>
      app.timer('r', {
        schedule: '* * * * * *',
        retry: { strategy: 'fixedDelay', maxRetryCount: 1, delayInterval: 1 },
        handler,
      }),
    /"r".*retry/,
  );
});

test('a bad route or schedule stops the host at start', async () => {
  await refused(({ app }) => app.http('h1', { route: 'x/{id:int}', handler }), /"h1".*\{id:int\}/);
  await refused(
    ({ app }) => app.http('h2', { route: '{*all}/x', handler }),
    /"h2".*catch-all must be the last/,
  );
  await refused(({ app }) => app.http('h3', { route: 'admin/x', handler }), /"h3".*keeps for itself/, {
    version: '2.0',
    extensions: { http: { routePrefix: '' } },
  });
  await refused(({ app }) => app.timer('t1', { schedule: 'every day', handler }), /not an NCRONTAB/);
  await refused(
    ({ app }) => app.timer('t2', { schedule: '%NO_SUCH_SETTING%', handler }),
    /NO_SUCH_SETTING is not set/,
  );
});

test('two functions of one name, nothing registered and a bad host.json stop the host at start', async () => {
  await refused(({ app }) => {
    app.http('twice', { handler });
    app.http('Twice', { handler });
  }, /"Twice" is registered already/);
  await refused(() => {}, /No function was registered/);
  await refused(({ app }) => app.http('ok', { handler }), /functionTimeout "soon" is not hh:mm:ss/, {
    version: '2.0',
    functionTimeout: 'soon',
  });
});

test('HTTP streaming, which goes through a proxy of the package, is refused at start', () => {
  const program = `
    import { startLocalHost } from ${JSON.stringify(join(import.meta.dirname, '../infra/local/host/index.ts'))};
    const functionFiles = async () => {
      const { app } = await import('@azure/functions');
      app.setup({ enableHttpStream: true });
      app.http('h', { handler: () => ({}) });
    };
    await startLocalHost({ functionFiles, database: ':memory:', port: 0, hostJson: { version: '2.0' } }).catch(
      (error) => console.log(error.code),
    );
    process.exit();`;
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program];
  const { stdout } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    cwd: join(import.meta.dirname, '..'),
  });
  assert.equal(stdout, 'http-streaming\n');
});
