import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const program = join(import.meta.dirname, 'appliance', 'main.ts');

interface Run {
  readonly child: ChildProcess;
  output(): string;
  errors(): string;
}

function run(...args: readonly string[]): Run {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args]);
  let output = '';
  let errors = '';
  child.stdout.on('data', (piece: Buffer) => {
    output += piece.toString();
  });
  child.stderr.on('data', (piece: Buffer) => {
    errors += piece.toString();
  });
  return { child, output: () => output, errors: () => errors };
}

async function ended({ child }: Run): Promise<unknown> {
  return child.exitCode ?? (await once(child, 'exit'))[0];
}

test('the program tells how to reach it, keeps its authority, and ends on an interrupt', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'appliance-test-'));
  try {
    const authorities = new Set<string>();
    for (let time = 0; time < 2; time++) {
      const started = run('--product', 'PRA', '--port', '0', '--sessions', '5', '--directory', directory);
      while (!started.output().includes('Ctrl-C')) {
        assert.equal(started.child.exitCode, null, started.errors());
        await once(started.child.stdout ?? started.child, 'data');
      }
      const port = /localhost:(\d+)/.exec(started.output())?.[1];
      const file = /CA file +(.+)/.exec(started.output())?.[1] ?? '';
      assert.match(started.output(), /OAuth account +\S+ \/ \S+/);
      const ca = readFileSync(file, 'utf8');
      authorities.add(ca);
      assert.equal(statSync(join(directory, 'ca-key.pem')).mode & 0o777, 0o600);
      const sent = request({ host: 'localhost', port, ca, path: '/check_health', agent: false }).end();
      const [reply] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }];
      assert.equal(reply.statusCode, 200);
      reply.resume();
      started.child.kill('SIGINT');
      assert.equal(await ended(started), 0, started.errors());
    }
    assert.equal(authorities.size, 1);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('the program explains itself, and says in one line what is wrong with its options', async () => {
  const help = run('--help');
  assert.equal(await ended(help), 0);
  assert.match(help.output(), /--recording-bytes MIN,MAX/);
  for (const args of [
    ['--product', 'X'],
    ['--port', 'high'],
    ['--to', 'never'],
    ['--bogus'],
    ['--sessions', '1.5'],
  ]) {
    const wrong = run(...args);
    assert.equal(await ended(wrong), 2, args.join(' '));
    assert.match(wrong.errors(), /^[^\n]+\n$/);
    assert.equal(wrong.output(), '');
  }
});
