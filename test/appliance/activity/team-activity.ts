import type { TimeWindow } from '../../../shared/appliance/appliance.ts';
import type {
  ActivityTeam,
  TeamActivityEntry,
  TeamEvent,
  TeamMember,
} from '../../../shared/appliance/reports/index.ts';
import type { Actor, Representative } from '../../../shared/sessions/session.ts';
import { everyone, systemActor } from '../event-scene.ts';
import type { Settings } from '../options.ts';
import { makeRepresentative } from '../people.ts';
import { mix, Random } from '../random.ts';
import { teams } from '../session-details.ts';
import { type EventPart, eventPairs } from '../session-facts.ts';
import { chatPart, fileNames } from '../texts.ts';
import { createTimeline, passed } from './timeline.ts';

/** What the report tells of one team: the XML and the truth are made from this, neither from the other. */
export interface TeamFacts {
  readonly team: ActivityTeam;
  readonly members: readonly TeamMember[];
  readonly events: readonly TeamEventFacts[];
}

export interface TeamEventFacts extends Omit<TeamEvent, 'data'> {
  readonly type: string;
  readonly time: number;
  readonly parts: readonly EventPart[];
}

export interface TeamActivity {
  /** Teams with a user logged in or an event in the window. */
  teams(window: TimeWindow, now: number, teamId?: string): TeamFacts[];
}

const salt = { event: 31, login: 32, team: 33, person: 34 };
const loginSeconds = 4 * 3600;

/** As many events as there are sessions, and a login for each four. */
export function createTeamActivity(settings: Settings): TeamActivity {
  const { seed, odd, product } = settings;
  const events = createTimeline(settings, settings.sessions, salt.event);
  const logins = createTimeline(settings, Math.ceil(settings.sessions / 4), salt.login);
  const teamOf = (index: number, kind: number) => mix(seed, index, salt.team + 100 * kind) % teams.length;

  /** The same login is the same connection wherever it shows. */
  function userOf(login: number): Representative {
    const random = new Random(seed, login, salt.person);
    return makeRepresentative(random, product, odd);
  }

  function eventFacts(index: number): TeamEventFacts {
    const random = new Random(seed, index, salt.event);
    const user = userOf(random.int(Math.max(1, logins.count)));
    const other = userOf(random.int(Math.max(1, logins.count)));
    const one = actorOf(user);
    return { time: events.timeOf(index), ...happening(random, odd, one, actorOf(other), settings.product) };
  }

  return {
    teams(window, now, teamId) {
      const { from, to } = passed(window, now);
      const found: TeamFacts[] = [];
      for (const [place, name] of teams.entries()) {
        const id = String(place + 2);
        if (teamId !== undefined && teamId !== id) continue;
        const members = [...logins.within(from - loginSeconds, to)]
          .filter((login) => teamOf(login, 1) === place)
          .map((login) => memberOf(userOf(login)));
        const happened = [...events.within(from, to)]
          .filter((index) => teamOf(index, 0) === place)
          .map(eventFacts);
        if (members.length > 0 || happened.length > 0)
          found.push({ team: { id, name }, members, events: happened });
      }
      return found;
    },
  };
}

/** What a reader must make of the report. */
export function teamEntries(list: readonly TeamFacts[]): TeamActivityEntry[] {
  return list.flatMap(({ team, members, events }): TeamActivityEntry[] => [
    { kind: 'team', team },
    ...members.map((member): TeamActivityEntry => ({ kind: 'member', team, member })),
    ...events.map(({ parts, ...event }): TeamActivityEntry => {
      return { kind: 'event', team, event: { ...event, data: eventPairs(parts) } };
    }),
  ]);
}

function memberOf({ gsNumber, userId, displayName, publicIp, privateIp }: Representative): TeamMember {
  return { gsNumber, userId, displayName, publicIp, privateIp };
}

function actorOf({ gsNumber, displayName }: Representative): Actor {
  return { type: 'representative', gsNumber, name: displayName };
}

function happening(
  random: Random,
  odd: boolean,
  user: Actor,
  other: Actor,
  product: 'RS' | 'PRA',
): Omit<TeamEventFacts, 'time'> {
  const name = random.pick(odd ? fileNames.odd : fileNames.plain);
  const data = (...values: readonly (readonly [string, string])[]): EventPart => ({ kind: 'data', values });
  switch (random.int(odd ? 6 : 4)) {
    case 0:
      return {
        type: 'Chat Message',
        performedBy: user,
        destinations: [everyone],
        parts: [chatPart(random, odd)],
      };
    case 1:
      return {
        type: 'Chat Message',
        performedBy: user,
        destinations: [other, systemActor(product)],
        parts: [chatPart(random, odd)],
      };
    case 2:
      return {
        type: 'Files Shared',
        performedBy: user,
        destinations: [other],
        parts: [
          {
            kind: 'files',
            files: [
              [name, String(random.int(9_000_000))],
              ['second & last.txt', '0'],
            ],
          },
        ],
      };
    case 3:
      return {
        type: 'Conference Member Added',
        performedBy: null,
        destinations: [],
        parts: [data(['username', user.name ?? ''], ['os', 'Windows 11 Pro'], ['private_ip', '10.0.0.7'])],
      };
    case 4:
      return {
        type: 'Chat Message',
        performedBy: user,
        destinations: [everyone],
        parts: [{ kind: 'encoded-body', bytes: Buffer.from(`\0\x01${random.hex(80)}`, 'latin1') }],
      };
    default:
      return {
        type: 'Jump Item Authorization Request',
        performedBy: user,
        destinations: [],
        parts: [
          data(['request_reason', 'Patch "Tuesday" & <more>\nsecond line']),
          data(['request_id', '17']),
        ],
      };
  }
}
