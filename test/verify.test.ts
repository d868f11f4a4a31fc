import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCli } from '../infra/cli/run-cli.ts';
import type { Finding, Verified } from '../shared/destinations/evidence.ts';
import { databaseSetting, type Installation, startInstallation } from './support/installation.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly said: string;
}

/** In this process: a process of its own loads everything anew. */
async function cli(...args: string[]): Promise<Ended> {
  const ended = { out: '', said: '' };
  const code = await runCli(args, {
    out: (text) => {
      ended.out += text;
    },
    say: (line) => {
      ended.said += `${line}\n`;
    },
    progress: () => undefined,
  });
  return { code, ...ended };
}

function program(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', join(root, 'infra/cli/main.ts'), ...args],
      (error, out, said) => resolve({ code: error === null ? 0 : Number(error.code), out, said }),
    );
  });
}

interface Line extends Partial<Finding> {
  readonly destination: string;
  readonly result?: Verified;
}

async function verify(
  data: string,
  code: number,
): Promise<{ told: string[]; notes: string[]; result: Verified }> {
  const ended = await cli('verify', '--data', data, '--destination', 'folder', '--json');
  assert.equal(ended.code, code, ended.out + ended.said);
  const lines = ended.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  const result = lines.at(-1)?.result ?? assert.fail(ended.out);
  const of = (level: string) =>
    lines
      .filter((line) => line.level === level)
      .map(({ kind, name }) => `${kind} ${name}`)
      .sort();
  return { told: of('difference'), notes: of('note'), result };
}

let installation: Installation;
after(() => installation?.close());

test('verify names one byte flipped, one file deleted, one manifest rewritten, and everything else that differs', async () => {
  installation = await startInstallation({
    hoursBack: 8,
    destinations: ({ files, sessions }) => [
      {
        id: 'folder',
        name: 'Destination folder',
        plugin: 'file',
        settings: { kind: 'folder', directory: files, retentionCount: 1 },
      },
      databaseSetting(sessions),
    ],
  });
  const { data } = installation;
  for (let turn = 0; turn < 3; turn++) {
    assert.equal((await installation.run()).status, 'succeeded');
    installation.passTime(3600);
  }
  const whole = await verify(data.folder, 0);
  assert.deepEqual([whole.told, whole.notes, whole.result.manifests], [[], [], 3]);
  // Three backups were made, one besides the newest is kept.
  assert.equal(whole.result.pruned, 1);
  assert.equal(readdirSync(data.files).filter((name) => name.endsWith('.nsb')).length, 2);
  const stored = readdirSync(data.files).filter((name) => !name.startsWith('.'));
  assert.equal(whole.result.files, stored.length);
  assert.ok(stored.length > 20);
  const text = await program('verify', '--data', data.folder);
  assert.equal(text.code, 0, text.said);
  assert.match(
    text.out,
    /^Destination folder: \d+ files \(\d+ bytes\) and 3 manifests are as they were stored/,
  );
  assert.ok(text.out.includes(`SHA-256 ${whole.result.head?.sha256}`));

  const [flipped = '', deleted = '', longer = ''] = stored.filter((name) => name.endsWith('.flv'));
  const path = (name: string) => join(data.files, name);
  const keep = new Map([flipped, deleted, longer].map((name) => [name, readFileSync(path(name))]));
  const bytes = Buffer.from(keep.get(flipped) ?? '');
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  writeFileSync(path(flipped), bytes);
  rmSync(path(deleted));
  writeFileSync(path(longer), Buffer.concat([keep.get(longer) ?? Buffer.of(), Buffer.of(0)]));
  const manifest = '.manifests/folder/0000000002.ndjson';
  const before = readFileSync(path(manifest), 'utf8');
  writeFileSync(path(manifest), before.replace(/"sha256":"[0-9a-f]{8}/, '"sha256":"00000000'));
  writeFileSync(path('extra.flv'), 'nobody has stored this');
  writeFileSync(path('.manifests/folder/0000000009.ndjson'), '{}\n');
  const found = await verify(data.folder, 1);
  assert.deepEqual(
    found.told,
    [
      `changed ${flipped}`,
      `changed ${longer}`,
      'extra extra.flv',
      'manifest-changed .manifests/folder/0000000002.ndjson',
      'manifest-extra .manifests/folder/0000000009.ndjson',
      `missing ${deleted}`,
    ].sort(),
  );
  assert.equal(found.result.differences, 6);

  // A manifest that was rewritten together with all that come after it still is not what the state remembers.
  for (const [name, content] of keep) writeFileSync(path(name), content);
  rmSync(path('extra.flv'));
  rmSync(path('.manifests/folder/0000000009.ndjson'));
  rmSync(path(manifest));
  assert.deepEqual((await verify(data.folder, 1)).told, [`manifest-missing ${manifest}`]);
  writeFileSync(path(manifest), before);
  assert.deepEqual((await verify(data.folder, 0)).told, []);
  const last = path('.manifests/folder/0000000003.ndjson');
  const truth = readFileSync(last, 'utf8');
  writeFileSync(
    last,
    truth.replace(/\n[^\n]*"event"[^\n]*\n/, '\n').replace(/"end":(\d+)/, (_, n) => `"end":${n - 1}`),
  );
  assert.deepEqual((await verify(data.folder, 1)).told, [
    'manifest-changed .manifests/folder/0000000003.ndjson',
  ]);
  writeFileSync(last, truth);
});

test('verify names where the catalog does not say what the manifests say', async () => {
  const { services, data } = installation;
  const page = await services.state.list<Record<string, unknown>>('catalog', 'folder', {
    from: 'item|',
    before: 'item~',
  });
  const [one, two] = page.entries.filter(({ value }) => value.state === 'stored');
  assert.ok(one !== undefined && two !== undefined);
  await services.state.put('catalog', 'folder', one.key, { ...one.value, sha256: '0'.repeat(64) });
  await services.state.remove('catalog', 'folder', two.key);
  assert.deepEqual(
    (await verify(data.folder, 1)).told,
    [`catalog-differs ${one.value.name}`, `catalog-differs ${two.value.name}`].sort(),
  );
  await services.state.put('catalog', 'folder', one.key, one.value);
  await services.state.put('catalog', 'folder', two.key, two.value);
  const link = await services.state.get<Record<string, unknown>>('catalog', 'folder', 'manifest|0000000002');
  await services.state.put('catalog', 'folder', 'manifest|0000000002', {
    ...link?.value,
    sha256: '1'.repeat(64),
  });
  assert.deepEqual((await verify(data.folder, 1)).told, ['chain-broken .manifests/folder/0000000002.ndjson']);
  await services.state.put('catalog', 'folder', 'manifest|0000000002', link?.value);
  await verify(data.folder, 0);
});

test('verify says in one line what is wrong with what it was given, with exit code 2', async () => {
  const { data } = installation;
  const nowhere = join(data.folder, 'nowhere');
  for (const [args, line] of [
    [['verify', '--data', nowhere], /there is no installation in this folder/],
    [
      ['verify', '--data', data.folder, '--destination', 'x'],
      /no such destination; there are: folder, database/,
    ],
    [
      ['verify', '--data', data.folder, '--destination', 'database'],
      /No destination of this installation keeps files/,
    ],
    [['verify', '--deep'], /Unknown option '--deep'; --help lists/],
    [['verify', 'folder'], /--help lists/],
    [['verify', '--data', data.folder, '--azure'], /not both/],
    [['verify', '--azure'], /The application setting .* is missing/],
    [['veryfy'], /There is no command "veryfy"/],
  ] as const) {
    const ended = await cli(...args);
    assert.equal(ended.code, 2, args.join(' '));
    assert.match(ended.said, line);
    assert.equal(ended.said.trim().split('\n').length, 1, ended.said);
    assert.equal(ended.out, '');
  }
  assert.ok(!existsSync(nowhere));
  assert.match((await cli('verify', '--help')).out, /--destination ID/);
  assert.match((await cli('--help')).out, /verify/);
  assert.equal((await program('veryfy')).code, 2);
});
