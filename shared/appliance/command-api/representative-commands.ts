import { z } from 'zod';
import { flag } from '../../sessions/read-values.ts';
import { childOf, type XmlElement } from '../../sessions/xml-element.ts';
import { defineCommand } from './command.ts';
import { given, numericId, representative, text, yesNo } from './parameters.ts';
import {
  attribute,
  childrenNamed,
  countIn,
  doneReply,
  listNamed,
  nullableFlag,
  nullableNumber,
  nullableText,
  nullableTime,
  readDone,
  textOf,
  timeIn,
} from './reply-parts.ts';

export const getLoggedInReps = defineCommand({
  name: 'get_logged_in_reps',
  title: 'Logged-in representatives',
  description:
    'Everybody who is logged in. Asked often it slows the appliance down: keep the answer for a while.',
  products: ['RS', 'PRA'],
  access: 'read_only',
  source: 'vendor page',
  isRepeatable: true,
  parameters: z.strictObject({}),
  reply: z.object({
    reps: z.array(
      z.object({
        id: nullableText('User id.'),
        displayName: nullableText('The same as publicDisplayName (deprecated since 1.10).'),
        publicDisplayName: nullableText('Name that customers see.'),
        privateDisplayName: nullableText('Name that colleagues see.'),
        type: nullableText('Normal or Invited.'),
        directLink: nullableText('HTML with a link by which a customer reaches the representative.'),
        loggedInSince: nullableTime('Log-in.'),
        presentationCount: nullableNumber('Presentations under way.'),
        supportSessionCount: nullableNumber('Sessions under way.'),
        showingOnRepList: nullableFlag('Whether the public site lists the representative.'),
      }),
    ),
  }),
  read: (root) => ({ reps: childrenNamed(listNamed(root, 'logged_in_reps'), 'rep').map(readRepresentative) }),
});

function readRepresentative(element: XmlElement) {
  return {
    id: attribute(element, 'id'),
    displayName: textOf(element, 'display_name'),
    publicDisplayName: textOf(element, 'public_display_name'),
    privateDisplayName: textOf(element, 'private_display_name'),
    type: textOf(element, 'type'),
    directLink: textOf(element, 'direct_link'),
    loggedInSince: timeIn(element, 'logged_in_since'),
    presentationCount: countIn(element, 'presentation_count'),
    supportSessionCount: countIn(element, 'support_session_count'),
    showingOnRepList: flag(textOf(element, 'showing_on_rep_list')),
  };
}

export const setRepStatus = defineCommand({
  name: 'set_rep_status',
  title: 'Set the status of a representative',
  description: 'Sets the status of a representative who is logged in to the console.',
  products: ['RS'],
  access: 'full_access',
  source: 'vendor page',
  isRepeatable: true,
  parameters: z.strictObject({
    rep_id: numericId('User id of the representative.'),
    code_name: text('Code name of the status.'),
  }),
  reply: doneReply,
  read: readDone,
});

export const logoutRep = defineCommand({
  name: 'logout_rep',
  title: 'Log a representative out',
  description: 'Ends the console session of a representative. No public source shows its parameters.',
  products: ['RS'],
  access: 'full_access',
  source: 'unverified',
  // By the time of a second one the representative may have logged in again.
  isRepeatable: false,
  parameters: z
    .strictObject(representative)
    .refine((parameters) => given(parameters, ['rep_id', 'rep_username']) === 1, {
      path: ['rep_id'],
      error: 'give either rep_id or rep_username',
    }),
  reply: doneReply,
  read: readDone,
});

export const getSupportTeams = defineCommand({
  name: 'get_support_teams',
  title: 'Support teams and issues',
  description:
    'All teams with their issues. Asked often it slows the appliance down: keep the answer for a while.',
  products: ['RS'],
  access: 'read_only',
  source: 'unverified',
  isRepeatable: true,
  parameters: z.strictObject({ showmembers: yesNo('1: with the members of each team.').optional() }),
  reply: z.object({
    teams: z.array(
      z.object({
        id: nullableText('Id of the team.'),
        name: nullableText('Name.'),
        issues: z.array(
          z.object({
            id: nullableText('Id.'),
            codeName: nullableText('Code name, for queue_id.'),
            title: nullableText('What customers read.'),
          }),
        ),
        members: z.array(z.object({ id: nullableText('User id.'), displayName: nullableText('Name.') })),
      }),
    ),
  }),
  read: (root) => ({
    teams: childrenNamed(listNamed(root, 'support_teams'), 'support_team').map((team) => ({
      id: attribute(team, 'id'),
      name: textOf(team, 'name'),
      issues: childrenNamed(childOf(team, 'issues'), 'issue').map((issue) => ({
        id: attribute(issue, 'id'),
        codeName: textOf(issue, 'code_name') ?? attribute(issue, 'code_name'),
        title: textOf(issue, 'title') ?? textOf(issue, 'name') ?? (issue.text.trim() || null),
      })),
      members: childrenNamed(childOf(team, 'members'), 'representative', 'member').map((member) => ({
        id: attribute(member, 'id'),
        displayName:
          textOf(member, 'display_name') ??
          textOf(member, 'public_display_name') ??
          (member.text.trim() || null),
      })),
    })),
  }),
});
