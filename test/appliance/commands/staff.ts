import type { Representative } from '../../../shared/sessions/session.ts';
import { makeRepresentative } from '../people.ts';
import { Random } from '../random.ts';
import { teams } from '../session-details.ts';
import type { World } from '../world.ts';
import { type CommandContext, refuse, required } from './command-context.ts';

const salt = 71;

/** Ids as session reports have them. */
export const teamList = teams.map((name, at) => ({ id: String(at + 2), name }));

/** Who is logged in to the console: everybody that the seed names, but those who were logged out. */
export function loggedIn({ settings, operations }: World): Representative[] {
  const known = new Map<string, Representative>();
  for (let index = 0; index < 8; index++) {
    const user = makeRepresentative(new Random(settings.seed, index, salt), settings.product, settings.odd);
    const id = user.userId ?? '';
    if (!known.has(id) && !operations.loggedOut.has(id)) known.set(id, user);
  }
  return [...known.values()];
}

/** The one that `rep_id` or `rep_username` names. */
export function namedRepresentative(context: CommandContext): Representative {
  const { rep_id: id, rep_username: name } = context.parameters;
  if ((id === undefined) === (name === undefined)) refuse('Either rep_id or rep_username is required.');
  const found = loggedIn(context.world).find((user) => user.userId === id || user.userName === name);
  return found ?? refuse('The representative is not logged in.');
}

export function representativeById(context: CommandContext, parameter: string): Representative {
  const id = required(context, parameter);
  return (
    loggedIn(context.world).find(({ userId }) => userId === id) ??
    refuse('The representative is not logged in.')
  );
}
