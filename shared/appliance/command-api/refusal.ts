import { randomBytes } from 'node:crypto';
import { Failure } from '../../errors.ts';
import { wholeNumber } from '../../sessions/read-values.ts';
import { saysInvalidLsid, shownWords } from '../error-document.ts';
import type { Parameters } from '../transport.ts';
import { getApiInfo } from './appliance-commands.ts';
import type { Command } from './command.ts';
import type { CommandAnswer } from './send-command.ts';

/** Asks a question that changes nothing. */
type Ask = (action: string, parameters?: Parameters) => Promise<CommandAnswer>;

const NOT_ACTIVE = /^the session is not active\b/i;

/**
 * What an `<error>` means. The words are in the appliance's language, so what they cannot tell is found by asking: the
 * account's permission, and whether a session that cannot exist is refused in the same words.
 */
export async function refusal(
  command: Command,
  sent: Parameters,
  words: string,
  where: string,
  ask: Ask,
): Promise<Failure> {
  const { lsid } = sent;
  if (lsid !== undefined && saysInvalidLsid(words)) return unknownSession(where, command, lsid);
  if (lsid !== undefined && NOT_ACTIVE.test(words))
    return new Failure(
      'terminal',
      'session-not-active',
      `${where} refused ${command.name}: the session ${lsid} is not active.`,
    );
  const permission = await permissionOf(ask);
  if (permission !== undefined && !suffices(permission, command.access))
    return new Failure(
      'terminal',
      'no-permission',
      `${where} refused ${command.name}: it needs ${spoken(command.access)} to the command API, the API account has ${shownWords(permission)} (/login > Management > API Configuration).`,
    );
  if (lsid !== undefined && (await isRefusedAsUnknown(lsid, words, ask)))
    return unknownSession(where, command, lsid);
  const said = words === '' ? ' without words.' : `: ${words}`;
  return new Failure('terminal', 'command-refused', `${where} refused ${command.name}${said}`);
}

function unknownSession(where: string, { name }: Command, lsid: string): Failure {
  const message = `${where} refused ${name}: it has no active session ${lsid}.`;
  return new Failure('terminal', 'unknown-session', message);
}

/** `perm_command`; `undefined` where the appliance does not tell. */
async function permissionOf(ask: Ask): Promise<string | undefined> {
  const answer = await answerOrNothing(ask('get_api_info'));
  if (answer === undefined || 'error' in answer) return undefined;
  // Without a time it is no answer to be read; the refusal is explained without it.
  if (wholeNumber(answer.root.children.find(({ name }) => name === 'timestamp')?.text ?? null) === null)
    return undefined;
  return getApiInfo.read(answer.root, {}).permissions.perm_command;
}

/** `full_access` (observed), `full access` (API guide), `read_only`, `deny`. */
function suffices(permission: string, access: Command['access']): boolean {
  if (/^full/i.test(permission)) return true;
  return access === 'read_only' && !/^(deny|0|)$/i.test(permission);
}

const spoken = (access: Command['access']) => (access === 'full_access' ? 'full access' : 'read-only access');

async function isRefusedAsUnknown(lsid: string, words: string, ask: Ask): Promise<boolean> {
  const made = randomBytes(16).toString('hex');
  const known = await answerOrNothing(ask('get_session_attributes', { lsid }));
  const unknown = await answerOrNothing(ask('get_session_attributes', { lsid: made }));
  if (known === undefined || unknown === undefined || !('error' in known) || !('error' in unknown))
    return false;
  const bare = (text: string, id: string) => text.replaceAll(id, '');
  const refused = bare(unknown.error, made);
  return refused === bare(known.error, lsid) && refused === bare(words, lsid);
}

/** Explaining is a help: that it cannot be had must not hide the refusal itself. */
async function answerOrNothing(asked: Promise<CommandAnswer>): Promise<CommandAnswer | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof Failure) || error.code === 'cancelled') throw error;
    return undefined;
  }
}
