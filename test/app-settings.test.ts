import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { appSettings } from '../shared/app-settings.ts';
import { composeServices } from '../shared/compose.ts';
import { Failure } from '../shared/errors.ts';
import { logEvents } from '../shared/log-events.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const names = (wanted: (setting: (typeof appSettings)[number]) => boolean) =>
  appSettings
    .filter(wanted)
    .map(({ name }) => name)
    .toSorted();

const azure = {
  DATA_TABLE_URL: 'https://data.table.core.windows.net/',
  DATA_BLOB_URL: 'https://data.blob.core.windows.net/',
  KEY_VAULT_URL: 'https://vault.vault.azure.net/',
  AZURE_CLIENT_ID: '00000000-0000-4000-8000-000000000001',
  LOG_LEVEL: 'warn',
};

test('the code reads the settings of the list, and no other', async () => {
  const read = new Set<string>();
  const environment = new Proxy<NodeJS.ProcessEnv>(
    {},
    {
      get(target, name) {
        if (typeof name === 'string') read.add(name);
        return Reflect.get(target, name);
      },
    },
  );
  Object.assign(environment, azure);
  await composeServices(environment).close();
  for (const name of Object.keys(azure)) delete environment[name];
  environment.DATA_STORAGE_CONNECTION_STRING = 'UseDevelopmentStorage=true';
  // Without them there would be a line to log, to a storage that is not there.
  for (const name of ['ENTRA_TENANT_ID', 'ENTRA_APPLICATION_ID']) environment[name] = azure.AZURE_CLIENT_ID;
  await composeServices(environment).close();
  assert.deepEqual(
    [...read].filter((name) => !name.startsWith('SECRET_')).toSorted(),
    names(({ readBy }) => readBy === 'code'),
  );

  const sources = ['functions', 'shared'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
  const readers = sources.filter((file) => /process\.env\b/.test(readFileSync(join(root, file), 'utf8')));
  assert.deepEqual(
    readers,
    [join('shared', 'service-provider.ts')],
    'what reads the environment is called above',
  );
});

test('local.settings.sample.json holds the samples of the list, and nothing else', () => {
  const sample = JSON.parse(readFileSync(join(root, 'local.settings.sample.json'), 'utf8')) as {
    IsEncrypted: boolean;
    Values: Record<string, string>;
  };
  const listed = appSettings.flatMap(({ name, sample: value }) =>
    value === undefined ? [] : [[name, value]],
  );
  assert.deepEqual(sample, { IsEncrypted: false, Values: Object.fromEntries(listed) });
});

test('the README names every setting that the code reads', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  for (const name of names(({ readBy }) => readBy === 'code'))
    assert.ok(readme.includes(`\`${name}\``), name);
});

for (const [missing, given] of [
  ['ENTRA_TENANT_ID', {}],
  ['ENTRA_TENANT_ID', { ENTRA_APPLICATION_ID: azure.AZURE_CLIENT_ID }],
  ['ENTRA_APPLICATION_ID', { ENTRA_TENANT_ID: azure.AZURE_CLIENT_ID, ENTRA_APPLICATION_ID: '' }],
] as const)
  test(`without ${missing} nobody may use the API, which is said at start and to whoever asks`, async (t) => {
    const said: string[] = [];
    t.mock.method(console, 'warn', (line: string) => void said.push(line));
    const { access, close } = composeServices({ ...azure, ...given });
    for (const headers of [{}, { authorization: 'Bearer a.b.c' }, { 'x-functions-key': 'key' }])
      await assert.rejects(
        access?.authenticate(new Headers(headers as Record<string, string>)) ?? Promise.resolve(),
        {
          code: 'setting-missing',
          message: new RegExp(`^The application setting ${missing} is missing: [^\n]*$`),
        },
      );
    assert.equal(said.filter((line) => line.includes(missing)).length, 1);
    await close();
  });

test('with a tenant and an application their tokens are asked for', async () => {
  const id = azure.AZURE_CLIENT_ID;
  const services = composeServices({ ...azure, ENTRA_TENANT_ID: id, ENTRA_APPLICATION_ID: id });
  await assert.rejects(services.access?.authenticate(new Headers()) ?? Promise.resolve(), {
    code: 'unauthenticated',
    message: new RegExp(`api://${id}`),
  });
  await services.close();
});

const wrong: readonly (readonly [name: string, value: string | undefined, code: string])[] = [
  ['DATA_TABLE_URL', undefined, 'setting-missing'],
  ['DATA_TABLE_URL', '', 'setting-missing'],
  ['DATA_TABLE_URL', 'data.table.core.windows.net', 'setting-malformed'],
  ['DATA_TABLE_URL', 'https://data.table.core.windows.net/?sv=2024&sig=hunter2', 'setting-malformed'],
  ['DATA_BLOB_URL', undefined, 'setting-missing'],
  ['DATA_BLOB_URL', 'http://data.blob.core.windows.net', 'setting-malformed'],
  ['KEY_VAULT_URL', 'hunter2', 'setting-malformed'],
  ['AZURE_CLIENT_ID', 'hunter2', 'setting-malformed'],
  ['ENTRA_TENANT_ID', 'hunter2.example.com', 'setting-malformed'],
  ['ENTRA_APPLICATION_ID', 'api://hunter2', 'setting-malformed'],
  ['AZURE_AUTHORITY_HOST', 'http://hunter2.example.com', 'setting-malformed'],
  ['LOG_LEVEL', 'loud', 'setting-malformed'],
  ['DATA_STORAGE_CONNECTION_STRING', 'AccountKey=hunter2', 'setting-malformed'],
];

for (const [name, value, code] of wrong) {
  test(`${name} ${value === undefined ? 'missing' : `as "${value}"`} is named in one line that does not quote it`, () => {
    const environment: NodeJS.ProcessEnv = { ...azure };
    delete environment[name];
    if (value !== undefined) environment[name] = value;
    assert.throws(
      () => composeServices(environment),
      (error) => {
        assert.ok(error instanceof Failure, String(error));
        assert.deepEqual([error.kind, error.code], ['terminal', code]);
        assert.match(error.message, new RegExp(`\\b${name}\\b`));
        assert.doesNotMatch(error.message, /hunter2|\n/);
        return true;
      },
    );
  });
}

for (const [name, value, code] of wrong.filter((_, at) => at === 0 || at === 12)) {
  test(`functions that start with ${name} ${code === 'setting-missing' ? 'missing' : 'malformed'} say so in one line and stay up`, {
    timeout: 120_000,
  }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'start-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const script = `
      import { startLocalHost } from ${JSON.stringify(join(root, 'infra/local/host/index.ts'))};
      const host = await startLocalHost({
        functionFiles: [${JSON.stringify(join(root, 'functions/*.ts'))}],
        hostJson: ${JSON.stringify(join(root, 'host.json'))},
        database: ${JSON.stringify(join(folder, 'host.db'))},
        port: 0,
        timers: 'off',
      });
      const answers = [];
      for (const path of ['/api/health', '/api/settings']) {
        const answer = await fetch(host.url + path);
        answers.push([answer.status, await answer.json()]);
      }
      console.log(JSON.stringify(answers));
      await host.close();
    `;
    const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, ...azure };
    delete env[name];
    if (value !== undefined) env[name] = value;
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script],
      { cwd: root, env },
    );
    const lines = stderr.trim().split('\n');
    assert.equal(lines.length, 1, stderr);
    const line = JSON.parse(lines[0] ?? '') as Record<string, string>;
    assert.deepEqual([line.level, line.message, line.code], ['error', logEvents.startFailed, code]);
    assert.match(line.reason ?? '', new RegExp(name));
    assert.doesNotMatch(stderr + stdout, /hunter2/);
    const [health, settings] = JSON.parse(stdout) as [number, { title?: string }][];
    assert.equal(health?.[0], 200);
    assert.equal(settings?.[0], 500);
    assert.match(settings?.[1].title ?? '', new RegExp(name));
  });
}
