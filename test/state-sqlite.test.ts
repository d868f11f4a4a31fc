import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import { describeStateContract } from './contract/state-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'state-sqlite-'));
after(() => rmSync(folder, { recursive: true, force: true }));

describeStateContract('SQLite', async () => openSqliteState(join(folder, 'sub', 'contract.db')));
