import { readFileSync } from 'node:fs';
import { type AuditPorts, audited } from '../../shared/access/audit-log.ts';
import { Failure } from '../../shared/errors.ts';
import { settingsChanges } from '../../shared/settings/settings-changes.ts';
import { loadSettings, saveSettings } from '../../shared/settings/settings-store.ts';
import { personHere } from './person-here.ts';

/** Saves the settings in a file, entered into the audit log. Throws an Error with one line for a person. */
export async function saveSettingsFile(ports: AuditPorts, path: string): Promise<void> {
  const input = readSettingsFile(path);
  const { state } = ports;
  const { settings: before, etag } = await loadSettings(state);
  const asked = { principal: personHere(), operation: 'startWithSettingsFile', kind: 'change' } as const;
  const author = { by: 'settings file', at: ports.now(), action: 'saved' } as const;
  try {
    await audited(ports, { ...asked, target: { file: path } }, async (note) => {
      const { settings } = await saveSettings(state, input, etag, author);
      note({ changes: settingsChanges(before, settings).map(({ path: place }) => place) });
    });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'bad-settings') throw error;
    throw new Error(`--settings ${path}: ${error.message.replace(/^Settings: /, '')}`);
  }
}

function readSettingsFile(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EISDIR' ? 'is a folder; give a file' : `cannot be read (${code})`;
    throw new Error(`--settings ${path}: ${code === 'ENOENT' ? 'there is no such file' : why}.`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`--settings ${path}: not JSON${placeIn(error)}.`);
  }
}

/** The rest of what is said may quote the text, and what somebody took for settings may hold a secret. */
function placeIn(error: unknown): string {
  return / \(line \d+ column \d+\)/.exec((error as Error).message)?.[0] ?? '';
}
