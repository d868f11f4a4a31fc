import type { Actor } from '../../../shared/sessions/session.ts';
import { partXml } from '../event-xml.ts';
import type { EventPart } from '../session-facts.ts';
import { element, indent, wrap } from '../xml-element.ts';
import { xmlAttribute, xmlText } from '../xml-text.ts';
import type { TeamEventFacts, TeamFacts } from './team-activity.ts';

/** The guide names the list of users in two ways, and files with attributes or with elements: each comes. */
export function* teamXml({ team, members, events }: TeamFacts): Generator<string> {
  const list = Number(team.id) % 2 === 0 ? 'logged_in_representatives' : 'logged_in_privileged_users';
  yield `${indent}<team_activity id="${team.id}" name="${xmlAttribute(team.name ?? '')}">\n`;
  const users = members.map((member) =>
    wrap(
      3,
      'representative',
      element(4, 'display_name', member.displayName) +
        element(4, 'public_ip', member.publicIp) +
        element(4, 'private_ip', member.privateIp),
      { gsnumber: member.gsNumber, id: member.userId },
    ),
  );
  if (users.length > 0) yield wrap(2, list, users.join(''));
  if (events.length > 0) {
    yield `${indent.repeat(2)}<events>\n`;
    for (const event of events) yield eventXml(event);
    yield `${indent.repeat(2)}</events>\n`;
  }
  yield `${indent}</team_activity>\n`;
}

function eventXml({ type, time, performedBy, destinations, parts }: TeamEventFacts): string {
  const actor = (name: string, who: Actor) =>
    element(4, name, who.name, 'entities', { gsnumber: who.gsNumber, type: who.type });
  const inner =
    (performedBy === null ? '' : actor('performed_by', performedBy)) +
    (destinations.length === 0
      ? ''
      : wrap(4, 'destinations', destinations.map((who) => actor('destination', who)).join(''))) +
    parts.map((part) => (part.kind === 'files' && time % 2 === 0 ? filesXml(part) : partXml(part))).join('');
  return wrap(3, 'event', inner, { timestamp: String(time), event_type: type });
}

function filesXml({ files }: EventPart & { readonly kind: 'files' }): string {
  const each = files.map(
    ([name, size]) => `<file><name>${xmlText(name)}</name><size>${xmlText(size)}</size></file>`,
  );
  return `${indent.repeat(4)}<files>${each.join('')}</files>\n`;
}
