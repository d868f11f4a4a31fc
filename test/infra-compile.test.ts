import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const infra = fileURLToPath(new URL('../infra', import.meta.url));
const compiler = process.env.BICEP_PATH;
const skip = compiler ? false : 'BICEP_PATH names no Bicep compiler: the templates were not compiled here';

for (const file of readdirSync(infra).filter((name) => /\.bicep(param)?$/.test(name)))
  test(`${file} compiles without an error or a warning`, { skip, timeout: 120_000 }, async () => {
    const command = file.endsWith('param') ? 'build-params' : 'build';
    const { stdout, stderr } = await promisify(execFile)(
      compiler ?? '',
      [command, join(infra, file), '--stdout'],
      { maxBuffer: 64 * 1024 * 1024 },
    );
    assert.equal(stderr.trim(), '');
    assert.ok(stdout.length > 100);
  });
