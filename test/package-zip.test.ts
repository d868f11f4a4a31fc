import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { checkPackage, type LoadedFunctions, loadSources } from '../infra/package/check.ts';
import { productionPackages } from '../infra/package/production-packages.ts';
import { type StagedPackage, stagePackage } from '../infra/package/stage.ts';
import { unzipTo, zipFolder } from '../infra/package/zip.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'package-'));
const app = join(folder, 'app');
const zip = join(folder, 'app.zip');
let staged: StagedPackage;
let bytes: number;
let sources: LoadedFunctions;

before(async () => {
  staged = await stagePackage(root, app);
  bytes = zipFolder(app, zip);
  sources = await loadSources(root);
});
after(() => rmSync(folder, { recursive: true }));

const files = (where: string) =>
  readdirSync(where, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(where.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();

test('the zip by itself registers every function of the sources, and answers', {
  timeout: 120_000,
}, async () => {
  const { functions, cpuMs } = await checkPackage(zip, sources, 1);
  assert.ok(functions.length > 15);
  assert.ok(cpuMs > 0);
});

test('the zip holds what is deployed and no more, and stays under 15 MB', () => {
  assert.ok(bytes > 100_000 && bytes < 15_000_000, `${bytes} bytes`);
  const there = files(app);
  assert.deepEqual(
    there.filter((name) => !name.startsWith('dist/')),
    ['LICENSE', 'host.json', 'package.json', 'third-party-licences.txt'],
  );
  assert.ok(
    there.every((name) => !/node_modules|test|\.ts$|\.map$/.test(name)),
    there.join(),
  );
  const entries = readdirSync(join(root, 'functions')).map(
    (name) => `dist/functions/${name.replace('.ts', '.js')}`,
  );
  assert.deepEqual(
    there.filter((name) => name.startsWith('dist/functions/')),
    entries.toSorted(),
  );
  const manifest = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8')) as Record<string, unknown>;
  assert.deepEqual(Object.keys(manifest), ['name', 'version', 'license', 'private', 'type', 'main']);
});

test('every package in it is a production dependency whose licence comes with it', () => {
  const texts = readFileSync(join(app, 'third-party-licences.txt'), 'utf8');
  const { packages } = staged;
  const names = packages.map(({ name }) => name);
  for (const name of ['@azure/functions', 'durable-functions', 'saxes', 'zod'])
    assert.ok(names.includes(name), name);
  for (const { name, version } of packages) assert.ok(texts.includes(`${name} ${version} (`), name);
  assert.ok(!names.some((name) => /azurite|biome|fast-check|esbuild|typescript/.test(name)), names.join());
});

test('large libraries that few need are not loaded as an instance starts', () => {
  const names = (of: 'packages' | 'atStart') => staged[of].map(({ name }) => name);
  for (const name of ['mssql', 'tedious']) {
    assert.ok(names('packages').includes(name), name);
    assert.ok(!names('atStart').includes(name), name);
  }
  for (const name of ['@azure/functions', 'durable-functions'])
    assert.ok(names('atStart').includes(name), name);
});

test('code that is not for production is refused by name', () => {
  const refuse = (input: string, pattern: RegExp) =>
    assert.throws(() => productionPackages(root, [input]), pattern);
  refuse('node_modules/fast-check/lib/index.js', /node_modules\/fast-check is no production dependency/);
  refuse('node_modules/not-in-the-lock/index.js', /not-in-the-lock is no production dependency/);
  refuse('test/appliance/start-appliance.ts', /test\/appliance\/start-appliance\.ts is not for production/);
  refuse('infra/local/host/index.ts', /is not for production/);
  const [saxes] = productionPackages(root, ['functions/api.http.ts', 'node_modules/saxes/saxes.js']);
  assert.equal(saxes?.name, 'saxes');
});

test('the same files give the same zip, byte for byte, and come out of it as they went in', () => {
  const [one, two, out] = ['one', 'two', 'out'].map((name) => join(folder, name));
  assert.ok(one && two && out);
  for (const where of [one, two]) {
    mkdirSync(join(where, 'deep', 'er'), { recursive: true });
    for (const [name, text] of [
      ['a.txt', 'a'],
      ['deep/er/b.bin', '\u0000ä'.repeat(1000)],
    ] as const)
      writeFileSync(join(where, name), text);
  }
  utimesSync(join(two, 'a.txt'), new Date(2001, 1, 1), new Date(2001, 1, 1));
  zipFolder(one, `${one}.zip`);
  zipFolder(two, `${two}.zip`);
  assert.ok(readFileSync(`${one}.zip`).equals(readFileSync(`${two}.zip`)));
  unzipTo(`${one}.zip`, out);
  assert.deepEqual(files(out), files(one));
  for (const name of files(out))
    assert.ok(readFileSync(join(out, name)).equals(readFileSync(join(one, name))));
});

test('a zip that lacks a function, or whose code needs what is not in it, fails the check', {
  timeout: 120_000,
}, async () => {
  const lacking = join(folder, 'lacking');
  unzipTo(zip, lacking);
  rmSync(join(lacking, 'dist/functions/schedule-tick.js'));
  zipFolder(lacking, `${lacking}.zip`);
  await assert.rejects(checkPackage(`${lacking}.zip`, sources, 1), /the sources register .*schedule-tick/);
  writeFileSync(join(lacking, 'dist/functions/schedule-tick.js'), "import 'saxes';\n");
  zipFolder(lacking, `${lacking}.zip`);
  await assert.rejects(checkPackage(`${lacking}.zip`, sources, 1), /saxes/);
});

test('the program says in one line what is wrong', async () => {
  const run = promisify(execFile)(process.execPath, [join(root, 'infra/package/index.ts'), '--nonsense']);
  await assert.rejects(run, (error: { code?: number; stderr?: string }) => {
    assert.equal(error.code, 1);
    assert.match(error.stderr ?? '', /^Unknown option '--nonsense'.*\n$/);
    return true;
  });
});
