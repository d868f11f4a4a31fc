import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { copyPluginPackages } from '../infra/package/plugin-packages.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

function folder(context: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'plugins-author-'));
  context.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** node:test tells its children that they are such; here somebody else's tests are run. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, ...rest } = process.env;
  return rest;
}

test('an author who has nothing but the built package runs the contract test on the example, and on a bad copy', async (t) => {
  const home = folder(t);
  const product = join(home, 'node_modules', 'integration-client-for-beyondtrust-on-azure');
  mkdirSync(product, { recursive: true });
  cpSync(join(root, 'package.json'), join(product, 'package.json'));
  const config = join(root, 'tsconfig.contract.json');
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '-p', config, '--outDir', join(product, 'dist')]);
  const { exports } = JSON.parse(readFileSync(join(product, 'package.json'), 'utf8'));
  for (const path of Object.values(exports['./destination-contract']))
    assert.ok(existsSync(join(product, String(path))));
  const example = join(home, 'example-destination');
  cpSync(join(root, 'test/plugins/example-destination'), example, { recursive: true });
  const testing = () =>
    run(process.execPath, ['--disable-warning=ExperimentalWarning', '--test', '--test-reporter=tap'], {
      cwd: example,
      env: environment(),
    });
  const { stdout } = await testing();
  assert.match(stdout, /# pass [12]\d\n/);
  assert.match(stdout, /# fail 0\n/);
  assert.match(stdout, /# skipped 0\n/);
  const source = readFileSync(join(example, 'index.js'), 'utf8');
  for (const [good, bad, fails] of [
    ['size !== announced.size ||', 'false &&', /not ok \d+ - content that is not what was announced/],
    ["if (older) return { status: 'older', file: before.file };", '', /not ok \d+ - of an item that changes/],
    [
      "createHash('sha256').update(key)",
      "createHash('sha256').update(key.slice(0, 1))",
      /not ok \d+ - items with the same values/,
    ],
  ] as const) {
    assert.ok(source.includes(good), good);
    writeFileSync(join(example, 'index.js'), source.replace(good, bad));
    await assert.rejects(testing(), ({ stdout: said }) => fails.test(said), `${good} is missed`);
  }
});

test('a package among the dependencies that is a destination is packed, with all that it needs and nothing else', (t) => {
  const home = folder(t);
  const add = (at: string, manifest: object) => {
    mkdirSync(join(home, at), { recursive: true });
    writeFileSync(join(home, at, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(home, at, 'index.js'), `// ${at}`);
  };
  add('', { dependencies: { 'a-destination': '1', 'a-library': '1' } });
  add('node_modules/a-destination', {
    keywords: ['integration-client-destination'],
    dependencies: { shared: '1', own: '1' },
    optionalDependencies: { absent: '1' },
  });
  add('node_modules/a-destination/node_modules/own', { dependencies: { deep: '1' } });
  add('node_modules/shared', {});
  add('node_modules/deep', {});
  add('node_modules/a-library', {});
  add('node_modules/unneeded', { keywords: ['integration-client-destination'] });
  const out = join(home, 'out');
  assert.deepEqual(copyPluginPackages(home, out), ['a-destination']);
  for (const name of ['a-destination', 'a-destination/node_modules/own', 'shared', 'deep'])
    assert.equal(
      readFileSync(join(out, 'node_modules', name, 'index.js'), 'utf8'),
      `// node_modules/${name}`,
    );
  for (const name of ['a-library', 'unneeded']) assert.ok(!existsSync(join(out, 'node_modules', name)));
  rmSync(join(home, 'node_modules/deep'), { recursive: true });
  assert.throws(
    () => copyPluginPackages(home, join(home, 'again')),
    /deep, which node_modules.*own needs, is not installed/,
  );
});
