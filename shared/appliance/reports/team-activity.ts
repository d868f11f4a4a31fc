import { readEvent } from '../../sessions/read-event.ts';
import { timeOf } from '../../sessions/read-values.ts';
import type { Actor, SessionEvent } from '../../sessions/session.ts';
import { attributeOf, childText, type XmlElement } from '../../sessions/xml-element.ts';
import { type RowShape, unexpectedReport } from '../row-parser.ts';
import { type ReadOptions, type RowReport, readRows } from '../row-report.ts';
import { attributeIn } from './attributes.ts';

/*
 * Team (PRA), SupportTeam (RS): `team_activity_list` (API guide; observed). Texts are as sent after XML decoding; `null` =
 * absent. Times are Unix seconds in the appliance's clock.
 */

/** A `team_activity`. The same team comes once a report. */
export interface ActivityTeam {
  readonly id: string | null;
  readonly name: string | null;
}

/** Somebody who was logged in to the team in the report's period. */
export interface TeamMember {
  /** Unique among concurrent connections only. */
  readonly gsNumber: string | null;
  readonly userId: string | null;
  readonly displayName: string | null;
  /** As sent, with the port where there is one. */
  readonly publicIp: string | null;
  readonly privateIp: string | null;
}

/** As an event of a session, but with any number of destinations. */
export interface TeamEvent {
  readonly type: string | null;
  readonly time: number | null;
  readonly performedBy: Actor | null;
  readonly destinations: readonly Actor[];
  /** As `SessionEvent.data`: `data/value`, then `body`, `encoded_body` and `files` as pairs. */
  readonly data: SessionEvent['data'];
}

/** In document order: a team, then what belongs to it. A team may have nothing. */
export type TeamActivityEntry =
  | { readonly kind: 'team'; readonly team: ActivityTeam }
  | { readonly kind: 'member'; readonly team: ActivityTeam; readonly member: TeamMember }
  | { readonly kind: 'event'; readonly team: ActivityTeam; readonly event: TeamEvent };

export interface TeamActivityReport extends RowReport<TeamActivityEntry> {
  /** The time the report says it covers: its `start_time` and `end_time`, as far as they were read. */
  readonly period: { readonly start: number | null; readonly end: number | null };
}

/**
 * Reads a team activity report as a stream, one event at a time; `readRows` says what it throws. The guides name the list
 * of users in two ways (`logged_in_privileged_users`, `logged_in_representatives`): a `representative` outside an event is
 * one, whatever the list is called.
 */
export function readTeamActivity(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadOptions = {},
): TeamActivityReport {
  const shape = new TeamShape();
  return Object.assign(readRows(chunks, shape, options), { period: shape.period });
}

class TeamShape implements RowShape<TeamActivityEntry> {
  readonly report = 'a team activity report';
  readonly row = 'an entry';
  readonly rows = 'entries';
  readonly period: { start: number | null; end: number | null } = { start: null, end: null };
  #team: ActivityTeam | undefined;

  isRoot(name: string): boolean {
    return name === 'team_activity_list';
  }

  begins(name: string, _attributes: readonly string[] | undefined, depth: number): boolean {
    if (depth === 2) return name === 'start_time' || name === 'end_time';
    return name === 'event' || name === 'representative';
  }

  around(name: string, attributes: readonly string[] | undefined): TeamActivityEntry | undefined {
    if (name !== 'team_activity') return undefined;
    this.#team = { id: attributeIn(attributes, 'id'), name: attributeIn(attributes, 'name') };
    return { kind: 'team', team: this.#team };
  }

  read(element: XmlElement, xml: string): TeamActivityEntry | undefined {
    if (element.name === 'start_time') this.period.start = timeOf(element);
    else if (element.name === 'end_time') this.period.end = timeOf(element);
    else {
      if (this.#team === undefined) throw unexpectedReport(this.report, 'an entry belongs to no team');
      return element.name === 'event'
        ? { kind: 'event', team: this.#team, event: readTeamEvent(element, xml) }
        : { kind: 'member', team: this.#team, member: readMember(element) };
    }
    return undefined;
  }
}

function readMember(element: XmlElement): TeamMember {
  return {
    gsNumber: attributeOf(element, 'gsnumber'),
    userId: attributeOf(element, 'id'),
    displayName: childText(element, 'display_name'),
    publicIp: childText(element, 'public_ip'),
    privateIp: childText(element, 'private_ip'),
  };
}

function readTeamEvent(element: XmlElement, xml: string): TeamEvent {
  const { type, time, performedBy, data } = readEvent(element, xml);
  const destinations: Actor[] = [];
  for (const child of element.children) {
    if (child.name === 'destination') destinations.push(actor(child));
    else if (child.name === 'destinations') {
      for (const each of child.children) if (each.name === 'destination') destinations.push(actor(each));
    }
  }
  return { type, time, performedBy, destinations, data };
}

function actor(element: XmlElement): Actor {
  return {
    type: attributeOf(element, 'type'),
    gsNumber: attributeOf(element, 'gsnumber'),
    name: element.text,
  };
}
