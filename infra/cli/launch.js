#!/usr/bin/env node
// For `npm link` and the like: starts the command line on Node 24, which the project brings where the machine has less.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const isEnough = Number(process.versions.node.split('.', 1)[0]) >= 24;
const suffix = process.platform === 'win32' ? 'node.exe' : 'node';
const node = isEnough
  ? process.execPath
  : fileURLToPath(new URL(`../../node_modules/node/bin/${suffix}`, import.meta.url));
const main = fileURLToPath(new URL('main.ts', import.meta.url));
const child = spawn(node, ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// A terminal gives Ctrl-C to both; what it means is for the one below to say.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('error', (error) => {
  process.stderr.write(`Node 24 could not be started (${error.message}): npm install brings it.\n`);
  process.exitCode = 2;
});
child.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0);
});
