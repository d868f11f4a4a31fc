import { element, wrap } from '../xml-element.ts';
import { isoTime } from '../xml-text.ts';
import { flagOf, type Handler, refuse, required, rootReply, successReply } from './command-context.ts';
import { loggedIn, namedRepresentative, representativeById, teamList } from './staff.ts';

export const getLoggedInReps: Handler = (context) => {
  const { world, now } = context;
  const reps = loggedIn(world).map((user) => {
    const since = now - 600 * Number(user.userId);
    return wrap(
      1,
      'rep',
      element(2, 'display_name', user.publicDisplayName) +
        element(2, 'public_display_name', user.publicDisplayName) +
        element(2, 'private_display_name', user.privateDisplayName) +
        element(2, 'type', 'Normal') +
        element(2, 'direct_link', `<a href="https://${world.settings.siteHost}/?ak=0">link</a>`) +
        element(2, 'logged_in_since', isoTime(since), 'entities', { ts: String(since) }) +
        element(2, 'presentation_count', '0') +
        element(2, 'support_session_count', '1') +
        element(2, 'showing_on_rep_list', '1'),
      { id: user.userId },
    );
  });
  return rootReply(context, 'logged_in_reps', reps.join(''));
};

const statuses = ['available', 'busy', 'away'];

export const setRepStatus: Handler = (context) => {
  const { userId } = representativeById(context, 'rep_id');
  const status = required(context, 'code_name');
  if (!statuses.includes(status)) refuse('There is no such status.');
  context.world.operations.statuses.set(userId ?? '', status);
  return successReply(context, '');
};

export const logoutRep: Handler = (context) => {
  context.world.operations.loggedOut.add(namedRepresentative(context).userId ?? '');
  return successReply(context, 'The representative was logged out.');
};

export const getSupportTeams: Handler = (context) => {
  const withMembers = flagOf(context, 'showmembers');
  const members = loggedIn(context.world)
    .map((user) =>
      wrap(3, 'representative', element(4, 'display_name', user.displayName), { id: user.userId }),
    )
    .join('');
  const list = teamList.map(({ id, name }) =>
    wrap(
      1,
      'support_team',
      element(2, 'name', name) +
        wrap(
          2,
          'issues',
          wrap(3, 'issue', element(4, 'code_name', `issue_${id}`) + element(4, 'title', `Help of ${name}`), {
            id: `${id}1`,
          }),
        ) +
        (withMembers ? wrap(2, 'members', members) : ''),
      { id },
    ),
  );
  return rootReply(context, 'support_teams', list.join(''));
};
