import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { appSettings } from '../shared/app-settings.ts';
import { accessTrouble, logEvents } from '../shared/log-events.ts';

const infra = fileURLToPath(new URL('../infra', import.meta.url));
const shared = fileURLToPath(new URL('../shared', import.meta.url));
const read = (name: string) => readFileSync(join(infra, name), 'utf8');
const named = (folder: string, extension: string) =>
  readdirSync(join(infra, folder))
    .filter((name) => name.endsWith(extension))
    .map((name) => join(folder, name));
const templates = [...named('.', '.bicep'), ...named('modules', '.bicep')].map((name) => ({
  name,
  text: read(name),
}));
/** Without comments; strings hold no `//` but in addresses. */
const code = (text: string) => text.replaceAll(/(^|\s)\/\/.*$/gm, '');

/** Azure's built-in roles, as its documentation lists them. */
const builtInRoles: Readonly<Record<string, string>> = {
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': 'Storage Blob Data Owner',
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe': 'Storage Blob Data Contributor',
  '974c5e8b-45b9-4653-ba55-5f855dd0fb88': 'Storage Queue Data Contributor',
  '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3': 'Storage Table Data Contributor',
  '69566ab7-960f-475b-8e7c-b3118f30c6bd': 'Storage File Data Privileged Contributor',
  '4633458b-17de-408a-b874-0445c86b69e6': 'Key Vault Secrets User',
  'b86a8fe4-44ce-4948-aee5-eccb2c155cd7': 'Key Vault Secrets Officer',
  '3913510d-42f4-4e42-8a64-420c390055eb': 'Monitoring Metrics Publisher',
};

test('every role id is one of Azure, with the name that its comment gives', () => {
  const found = new Set<string>();
  for (const { name, text } of templates) {
    for (const line of text.split('\n')) {
      const [id] = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/i.exec(line) ?? [];
      if (id === undefined) continue;
      const comment = /' \/\/ (.+)$/.exec(line)?.[1];
      assert.equal(comment, builtInRoles[id], `${name}: ${line.trim()}`);
      assert.ok(comment, `${name}: ${id} is no role that is known here`);
      found.add(id);
    }
  }
  assert.deepEqual([...found].sort(), Object.keys(builtInRoles).sort());
});

test('the template sets the application settings of the list, each once', () => {
  const text = read('modules/functions-app.bicep');
  const block = text.slice(text.indexOf('appSettings: ['));
  const set = [...block.matchAll(/^ {10}name: '([^']+)'$/gm)].map(([, name]) => name);
  const listed = appSettings.filter(({ inAzure }) => inAzure).map(({ name }) => name);
  assert.deepEqual(set.toSorted(), listed.toSorted());
});

test('no output and no application setting holds a secret, and nothing asks for a key', () => {
  for (const { name, text } of templates) {
    assert.doesNotMatch(code(text), /\blist[A-Z]?\w*\(|listKeys|@secure|InstrumentationKey/, name);
    assert.doesNotMatch(code(text), /AccountKey=|SharedAccessKey|password/i, name);
    for (const [line] of text.matchAll(/^output .*$/gm))
      assert.doesNotMatch(
        line,
        /secret|key(?!vault|_vault)|password|token|ConnectionString|\bsas\b/i,
        `${name}: ${line}`,
      );
  }
  // The one connection string there is names a place and opens nothing.
  const holders = templates.filter(({ text }) => code(text).includes('ConnectionString'));
  assert.deepEqual(
    holders.map(({ name }) => name),
    [join('modules', 'functions-app.bicep')],
  );
  assert.match(read('modules/monitoring.bicep'), /DisableLocalAuth: true/);
});

test('keys are off and old TLS is refused, wherever there is a switch for it', () => {
  const all = (resource: string, ...properties: RegExp[]) => {
    const blocks = templates.flatMap(({ text }) =>
      [...text.matchAll(new RegExp(`^resource \\w+ '${resource}@(?:.|\\n)*?^}`, 'gm'))].map(
        ([block]) => block,
      ),
    );
    assert.ok(blocks.length > 0, resource);
    for (const block of blocks) for (const property of properties) assert.match(block, property);
  };
  all(
    'Microsoft.Storage/storageAccounts',
    /allowSharedKeyAccess: false/,
    /allowBlobPublicAccess: false/,
    /minimumTlsVersion: 'TLS1_2'/,
    /supportsHttpsTrafficOnly: true/,
    /publicNetworkAccess: publicAccess \? 'Enabled' : 'Disabled'/,
  );
  all(
    'Microsoft.Sql/servers',
    /azureADOnlyAuthentication: true/,
    /minimalTlsVersion: '1.2'/,
    /publicNetworkAccess: publicAccess/,
  );
  all(
    'Microsoft.KeyVault/vaults',
    /enableRbacAuthorization: true/,
    /enablePurgeProtection: true/,
    /publicNetworkAccess: publicAccess/,
  );
  all('Microsoft.Web/sites', /httpsOnly: true/, /minTlsVersion: '1.2'/);
  all('Microsoft.Web/sites/basicPublishingCredentialsPolicies', /allow: false/);
});

test('modules are self-contained and versions pinned', () => {
  for (const { name, text } of templates) {
    assert.doesNotMatch(text, /'(br|ts)[:/]/, name);
    for (const [, path = ''] of text.matchAll(/^module \w+ '([^']+)'/gm))
      assert.ok(read(path).length > 0, path);
    for (const [reference, version] of text.matchAll(/'Microsoft\.[\w./]+@([^']+)'/g))
      assert.match(version ?? '', /^20\d\d-\d\d-\d\d(-preview)?$/, reference);
  }
});

test('every parameter is used, given where it has no default, and explained', () => {
  for (const { name, text } of templates) {
    for (const [, parameter = ''] of text.matchAll(/^param (\w+)/gm)) {
      const uses = code(text).match(new RegExp(`\\b${parameter}\\b`, 'g')) ?? [];
      assert.ok(uses.length > 1, `${name}: ${parameter} is not used`);
    }
    for (const [line, before = ''] of text.matchAll(/^(.*)\n(?:param|output) \w+/gm))
      assert.match(before, /^@(description|minValue|maxValue|minLength|maxLength)\(/, `${name}: ${line}`);
  }
  const main = read('main.bicep');
  const parameters = new Set([...main.matchAll(/^param (\w+)/gm)].map(([, name]) => name));
  const required = ['environmentName', 'location'];
  const files = named('.', '.bicepparam');
  assert.deepEqual(files.toSorted(), [
    'evidence.bicepparam',
    'main.bicepparam',
    'private.bicepparam',
    'small.bicepparam',
  ]);
  for (const file of files) {
    const given = [...read(file).matchAll(/^param (\w+) = /gm)].map(([, name]) => name ?? '');
    assert.equal(new Set(given).size, given.length, file);
    for (const name of given) assert.ok(parameters.has(name), `${file}: ${name}`);
    for (const name of required) assert.ok(given.includes(name), `${file} does not give ${name}`);
  }
});

test('private networking has an endpoint and a zone for each service', () => {
  const main = read('main.bicep');
  for (const [id, group] of [
    ['hostStorage', 'blob'],
    ['hostStorage', 'queue'],
    ['hostStorage', 'table'],
    ['dataStorage', 'blob'],
    ['dataStorage', 'table'],
    ['dataStorage', 'file'],
    ['keyVault', 'vault'],
    ['sql!', 'sqlServer'],
  ] as const)
    assert.ok(main.includes(`serviceId: ${id}.outputs.id\n        groupId: '${group}'`), `${id} ${group}`);
  for (const module of ['hostStorage', 'dataStorage', 'keyVault', 'sql'])
    assert.match(main, new RegExp(`module ${module} (?:.|\\n)*?publicAccess: !privateNetworking`), module);
});

test('alerts look for messages and codes that the code writes, and for all that it lists for them', () => {
  const text = read('modules/alerts.bicep');
  const queries = [...text.matchAll(/^ {4}query: '(.+)'$/gm)].map(([, query = '']) => query);
  assert.ok(queries.length >= 6);
  const strings = (pattern: RegExp) =>
    queries.flatMap((query) =>
      [...query.matchAll(pattern)].flatMap(([found]) =>
        [...found.matchAll(/"([^"]+)"/g)].map(([, value]) => value),
      ),
    );
  const events = strings(/event (?:==|in) (?:"[^"]+"|\([^)]+\))/g);
  assert.deepEqual([...new Set(events)].toSorted(), Object.values(logEvents).toSorted());
  const codes = strings(/code in \([^)]+\)/g);
  assert.deepEqual(codes.toSorted(), [...accessTrouble].toSorted());
  const statuses = strings(/status (?:==|in) (?:"[^"]+"|\([^)]+\))/g);
  const known = /export type RunStatus = ([^;]+);/.exec(
    readFileSync(join(shared, 'runs/run.ts'), 'utf8'),
  )?.[1];
  for (const status of statuses) assert.ok(known?.includes(`'${status}'`), status);

  const sources = (readdirSync(shared, { recursive: true, encoding: 'utf8' }) as string[])
    .filter((name) => name.endsWith('.ts') && !/log-events|(^|[\\/])console[\\/]/.test(name))
    .map((name) => readFileSync(join(shared, name), 'utf8'))
    .join('\n');
  for (const event of Object.keys(logEvents))
    assert.match(sources, new RegExp(`\\.(info|warn|error)\\(\\s*logEvents\\.${event}\\b`), event);
  for (const failure of accessTrouble) assert.ok(sources.includes(`'${failure}'`), failure);
  for (const field of ['setAside', 'status'])
    assert.match(sources, new RegExp(`logEvents\\.runFinished, \\{[^}]*\\b${field}\\b`), field);
});

test('a log line is what alerts take apart: one JSON object with message, code and status', async () => {
  const { consoleLog } = await import('../shared/runs/console-log.ts');
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const log = consoleLog({ debug: write, info: write, warn: write, error: write }, 'info');
  log.info(logEvents.runFinished, { status: 'partial', setAside: 2, code: 'no-access' });
  assert.match(lines[0] ?? '', /^\{/);
  const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  assert.deepEqual(
    [line.message, line.status, line.setAside, line.code],
    ['Run finished', 'partial', 2, 'no-access'],
  );
});
