import type { Session } from '../../shared/sessions/session.ts';
import type { EventFacts, SessionFacts, SessionLook } from './session-facts.ts';

export function lookOf(
  index: number,
  odd: boolean,
  state: SessionFacts['state'],
  session: Omit<Session, 'events'>,
  events: readonly EventFacts[],
): SessionLook {
  return {
    // Guide: only where fields are defined; seen in replies: an empty element.
    customAttributes: session.customAttributes.length > 0 || !odd || index % 2 === 0 ? 'present' : 'absent',
    endTime: odd ? ((['empty', 'self-closed', 'blank-timestamp'] as const)[index % 3] ?? 'empty') : 'empty',
    chatUrls: state === 'closed',
    showMyScreen: session.recordings.showMyScreen.length > 0,
    surveys: state === 'closed' && session.teams.length > 0 && events.length % 3 === 0,
    unknown: odd && index % 17 === 6 ? 'nested' : odd && index % 17 === 12 ? 'simple' : 'none',
    textStyle: odd && index % 5 === 1 ? 'numeric' : odd && index % 5 === 3 ? 'cdata' : 'entities',
    extraAttribute: odd && index % 19 === 10,
  };
}
