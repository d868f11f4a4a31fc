import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readAddress } from '../infra/local/api-address.ts';
import { defaultOAuthAccount } from './appliance/accounts.ts';
import { startAppliance } from './appliance/start-appliance.ts';
import { cli } from './support/cli.ts';

/** `npm start -- --no-demo` as a process of its own; resolves once it works. */
async function startInstance(folder: string) {
  const main = fileURLToPath(new URL('../infra/local/start.ts', import.meta.url));
  const args = ['--disable-warning=ExperimentalWarning', main, '--no-demo', '--port', '0', '--data', folder];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const closed = once(child, 'close');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (more: string) => {
    said += more;
    if (said.includes('Stop it with Ctrl-C')) resolve();
  });
  void closed.then(() => reject(new Error(`it ended: ${said}`)));
  await promise;
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGINT');
      await closed;
    },
  };
}

test('from nothing to stored sessions by the command line alone', async () => {
  const root = mkdtempSync(join(tmpdir(), 'cli-first-run-'));
  const folder = join(root, 'data');
  try {
    const now = Math.floor(Date.now() / 1000);
    await using appliance = await startAppliance({
      product: 'RS',
      seed: 3,
      siteHost: 'first.example.com',
      from: now - 3 * 3600,
      to: now - 600,
      sessions: 4,
      events: 3,
    });
    const authority = join(root, 'authority.pem');
    writeFileSync(authority, appliance.caPem);
    const files = join(root, 'files');
    const early = await cli(['setup', '--yes', '--data', folder]);
    assert.match(early.said, /^No instance runs with the folder .*; start one with npm start/);
    {
      await using _instance = await startInstance(folder);
      const site = ['--host', appliance.address, '--site-id', 'first', '--client-id', defaultOAuthAccount.id];
      // Not due by itself meanwhile.
      const every = ['--every', '10080'];
      const place = ['--storage', 'folder', '--directory', files, '--data-types', 'session-data', ...every];
      const made = await cli(
        ['setup', '--yes', ...site, '--certificate-authority', authority, ...place, '--data', folder],
        { environment: { INTEGRATION_CLIENT_SITE_SECRET: defaultOAuthAccount.secret } },
      );
      assert.equal(made.code, 0, made.said);
      const ran = await cli(['schedules', 'run', 'first', '--wait', '--json', '--data', folder]);
      assert.equal(ran.code, 0, ran.said + ran.out);
      const closed = [...appliance.truth.sessions()].filter(({ session }) => session.endTime !== null);
      assert.equal(readdirSync(files).filter((name) => name.endsWith('.xml')).length, closed.length);
      assert.ok(readAddress(folder));
    }
    assert.equal(existsSync(join(folder, 'api-address')), false);
    const late = await cli(['runs', 'list', '--data', folder]);
    assert.deepEqual([late.code, late.said.startsWith('No instance runs')], [2, true]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
