import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Import {
  readonly file: string;
  /** A path from the root for files, else the package's name. */
  readonly to: string;
  readonly own: boolean;
  /** Gone when it runs. */
  readonly typeOnly: boolean;
}

function sources(folder: string): string[] {
  return (readdirSync(join(root, folder), { recursive: true }) as string[])
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name).split(sep).join('/'));
}

/** Every import and export from, types too, and what is imported while running. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8').replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, '');
  const statement =
    /\b(?:(?:import|export)(\s+type)?\s[^;'"]*?\sfrom\s+|import\s+|import\s*\(\s*|require\s*\(\s*)(['"])([^'"]+)\2/g;
  return [...text.matchAll(statement)].map(([, type, , name = '']) => {
    const own = name.startsWith('.');
    const to = own
      ? relative(root, resolve(root, dirname(file), name))
          .split(sep)
          .join('/')
      : packageOf(name);
    return { file, to, own, typeOnly: type !== undefined };
  });
}

function packageOf(name: string): string {
  return name.startsWith('@') ? name.split('/', 2).join('/') : (name.split('/', 1)[0] ?? name);
}

const functionFiles = sources('functions');
// The console is a program of its own, for browsers.
const sharedFiles = sources('shared').filter((file) => !file.startsWith('shared/console/'));
const imports = [...functionFiles, ...sharedFiles].flatMap(importsOf);

/** `functions`, a folder of shared, or a file that lies in shared itself. */
function roomOf(file: string): string {
  const [first = '', second = ''] = file.split('/');
  return first === 'shared' ? second : first;
}

/**
 * Top to bottom; a room uses rooms below it and none above or beside it. The files in shared itself have their places
 * too: what composes the services stands above everything that it puts together, and only functions/ (and the local
 * stack) know it; `services.ts` states the ports that work is given; the last row is for everybody.
 *
 * What is below one row of the design is a finer order inside that row: a run is made by a schedule and worked on by
 * transfer; settings name destinations and data types, data types name destinations' replacement values.
 */
const order: readonly (readonly string[])[] = [
  ['functions'],
  ['service-provider.ts'],
  ['compose.ts'],
  ['connections.ts', 'api'],
  ['housekeeping'],
  ['reconciliation'],
  ['transfer'],
  ['imports'],
  ['schedules', 'tickets'],
  ['notifications'],
  ['runs'],
  ['catalog'],
  ['services.ts'],
  ['access'],
  ['settings'],
  ['streams'],
  ['destinations'],
  ['appliance', 'state'],
  ['sessions'],
  ['retry.ts'],
  ['app-settings.ts'],
  ['errors.ts', 'log.ts', 'log-events.ts'],
];

test('every room has its place, and a new one must be given one', () => {
  const rooms = new Set([...functionFiles, ...sharedFiles].map(roomOf));
  assert.deepEqual([...rooms].filter((room) => !order.flat().includes(room)).toSorted(), []);
  assert.deepEqual(
    order.flat().filter((room) => !rooms.has(room)),
    [],
  );
});

test('imports point one way', () => {
  const rank = new Map(order.flatMap((rooms, at) => rooms.map((room) => [room, at] as const)));
  const wrong = imports
    .filter(({ own }) => own)
    .filter(({ file, to }) => {
      const [from, below] = [roomOf(file), roomOf(to)];
      return from !== below && (rank.get(from) ?? Number.NaN) >= (rank.get(below) ?? Number.NaN);
    })
    .map(({ file, to }) => `${file} → ${to}`);
  assert.deepEqual(wrong, []);
});

test('no file needs itself while it runs', () => {
  const graph = Map.groupBy(
    imports.filter(({ own, typeOnly }) => own && !typeOnly),
    ({ file }) => file,
  );
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    if (done.has(file)) return;
    assert.ok(!path.includes(file), `a circle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`);
    path.push(file);
    for (const { to } of graph.get(file) ?? []) visit(to);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
});

test('nothing of shared or functions needs infra or test, and all they import is there or a dependency', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const files = new Set([...functionFiles, ...sharedFiles]);
  for (const { file, to, own } of imports) {
    if (own) assert.ok(files.has(to), `${file} → ${to}`);
    else if (!to.startsWith('node:')) assert.ok(to in manifest.dependencies, `${file} → ${to}`);
  }
});

test('only adapters know storage and identity of Azure', () => {
  const adapters = [
    /^shared\/state\//,
    /^shared\/destinations\//,
    /^shared\/compose\.ts$/,
    /^shared\/settings\/.*key-vault/,
    /^shared\/runs\/insights-sender\.ts$/,
  ];
  for (const { file, to } of imports) {
    if (!to.startsWith('@azure/') || to === '@azure/functions') continue;
    assert.ok(
      adapters.some((adapter) => adapter.test(file)),
      `${file} → ${to}`,
    );
  }
});

test('only functions/ knows the platform, and appliance and sessions know nothing of Azure', () => {
  for (const { file, to } of imports) {
    if (to === '@azure/functions' || to === 'durable-functions')
      assert.ok(file.startsWith('functions/'), `${file} → ${to}`);
    if (['appliance', 'sessions'].includes(roomOf(file))) assert.doesNotMatch(to, /azure|durable/i, file);
  }
  for (const file of sharedFiles.filter((name) => ['appliance', 'sessions'].includes(roomOf(name))))
    assert.doesNotMatch(readFileSync(join(root, file), 'utf8'), /azure/i, file);
});

test('files of functions/ bind and do nothing else: they are short', () => {
  assert.ok(functionFiles.length >= 4);
  for (const file of functionFiles) {
    const lines = readFileSync(join(root, file), 'utf8').split('\n').length;
    assert.ok(lines <= 60, `${file} has ${lines} lines`);
  }
});

test('what npm run build makes is loaded by the host, with the same functions', {
  timeout: 120_000,
}, async (t) => {
  // Under the repository, where its packages are found, and out of the reach of the glob in package.json.
  mkdirSync(join(root, 'dist'), { recursive: true });
  const out = mkdtempSync(join(root, 'dist', 'check-'));
  const data = mkdtempSync(join(tmpdir(), 'built-'));
  t.after(() => {
    rmSync(out, { recursive: true });
    rmSync(data, { recursive: true });
  });
  const run = promisify(execFile);
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await run(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', out], { cwd: root });
  const list = async (functions: string): Promise<unknown[]> => {
    // A process each: functions are registered once for a process.
    const script = `
      import { startLocalHost } from ${JSON.stringify(join(root, 'infra/local/host/index.ts'))};
      const host = await startLocalHost({
        functionFiles: [${JSON.stringify(functions)}],
        hostJson: ${JSON.stringify(join(root, 'host.json'))},
        database: ${JSON.stringify(join(data, `${functions.length}.db`))},
        port: 0,
        timers: 'off',
      });
      const health = await fetch(host.url + '/api/health');
      console.log(JSON.stringify([...host.functions, health.status]));
      // Not closed: the last lines of the log would be offered to a storage that is not there.
      process.exit();
    `;
    const { stdout } = await run(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script],
      { cwd: root, env: { ...process.env, DATA_STORAGE_CONNECTION_STRING: 'UseDevelopmentStorage=true' } },
    );
    return JSON.parse(stdout) as unknown[];
  };
  const [built, asWritten] = [
    await list(join(out, 'functions', '*.js')),
    await list(join(root, 'functions', '*.ts')),
  ];
  assert.deepEqual(built, asWritten);
  assert.ok(built.length > 15, JSON.stringify(built));
  assert.equal(built.at(-1), 200);
});
