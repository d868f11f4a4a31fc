import type { Session } from '../../shared/sessions/session.ts';
import { maskedCapability, sessionUrls, stableCapability } from './capabilities.ts';
import type { Settings } from './options.ts';
import { participantsAt, planParticipations } from './participants.ts';
import { makeCustomer } from './people.ts';
import type { Population } from './population.ts';
import { mix, Random } from './random.ts';
import { customAttributes, externalKey, jumpoint, sessionTeams, teams } from './session-details.ts';
import { planEvents } from './session-events.ts';
import type { SessionFacts } from './session-facts.ts';
import type { SessionIds } from './session-ids.ts';
import { lookOf } from './session-look.ts';
import { clockDuration } from './xml-text.ts';

export interface SessionGenerator {
  /**
   * What session `index` looks like at `at`: a pure function of the options and these arguments.
   * @param capability the access hash of this reading; without one, zeros
   */
  facts(index: number, at: number, capability?: string): SessionFacts;
}

/**
 * Which oddity a session has goes by its index, so that any two hundred sessions in a row have them all. The random
 * numbers drawn never depend on `at`: a session read later is the same session, further on.
 */
export function createGenerator(
  settings: Settings,
  population: Population,
  ids: SessionIds,
): SessionGenerator {
  const { product, odd, seed } = settings;
  const rs = product === 'RS';

  function facts(index: number, at: number, capability = maskedCapability): SessionFacts {
    const random = new Random(seed, index, rs ? 1 : 2);
    const start = population.startOf(index);
    const end = population.endOf(index);
    const over = end <= at;
    const abnormal = population.isAbnormal(index);
    const state = !over ? 'running' : abnormal ? 'abnormal' : 'closed';
    const until = Math.max(start, Math.min(end, at));
    const is = (modulus: number, rest: number) => odd && index % modulus === rest;

    const customer = makeCustomer(random, product, odd);
    const participations = planParticipations({
      random,
      product,
      odd,
      start,
      end,
      nobody: rs && is(53, 7),
      reconnects: is(9, 4),
      invited: random.chance(0.1) || is(29, 3),
    });
    const shells = participations.length === 0 ? 0 : ([0, 0, 0, 1, 2][random.int(5)] ?? 0);
    const showing = rs && participations.length > 0 && random.chance(0.2);
    // Drawn apart from the sequence that makes the session.
    const shows = showing ? 1 + (mix(seed, index, 97) % 3) : 0;
    const lsid = ids.lsid(index);
    const eventUrls = sessionUrls(
      settings.siteHost,
      lsid,
      settings.eventUrls === 'stable' ? stableCapability(seed, index) : capability,
    );
    const events = planEvents({
      random,
      product,
      odd,
      start,
      end,
      abnormal,
      customer,
      participations,
      shells,
      count: eventCount(random, settings.events) * (is(211, 60) ? 10 : 1),
      shellData: (instance) => [
        ['instance', String(instance)],
        ...(state === 'closed'
          ? ([
              ['download_url', eventUrls.instance('shell', instance, false)],
              ['view_url', eventUrls.instance('shell', instance, true)],
            ] as const)
          : []),
      ],
    }).filter((event) => event.time <= until);

    const owner = participations[0]?.representative;
    const counted = (...types: readonly string[]) => events.filter(({ type }) => types.includes(type)).length;
    const group = random.int(4);
    const team = random.int(teams.length);
    const session: Omit<Session, 'events'> = {
      lsid,
      type: 'support',
      // Neither unique nor strictly increasing.
      lseq: String(1000 + index + (is(7, 3) ? -1 : is(23, 5) ? 3 : 0)),
      startTime: start,
      endTime: state === 'closed' ? end : null,
      duration: clockDuration(until - start),
      jumpoint: rs && random.chance(0.7) ? null : jumpoint(random),
      publicSite: rs ? { id: '1', name: is(31, 8) ? '' : 'Default' } : null,
      externalKey: externalKey(random, rs, is(41, 9)),
      customAttributes: customAttributes(random, odd),
      fileTransferCount: counted('File Upload', 'File Download'),
      fileMoveCount: counted('File Moved'),
      fileDeleteCount: counted('File Deleted'),
      primaryCustomer: { gsNumber: customer.gsNumber, name: customer.name ?? customer.userName },
      primaryRepresentative: owner
        ? { gsNumber: owner.gsNumber, id: owner.userId, name: owner.displayName }
        : null,
      primaryTeam: rs && owner ? { id: String(team + 2), name: teams[team] ?? null } : null,
      jumpGroup: is(59, 11)
        ? null
        : rs && group > 1
          ? { type: 'shared', id: '-1', name: '' }
          : group === 0 && owner
            ? { type: 'personal', id: owner.userId, name: owner.privateDisplayName }
            : { type: 'shared', id: String(9 + group), name: 'Database Servers' },
      customers: [customer],
      representatives: participantsAt(participations, until),
      teams: rs && owner ? sessionTeams(team, is(13, 2)) : [],
      recordings: {
        session: over && population.isRecorded(index),
        commandShell: state === 'closed' ? Array.from({ length: shells }, (_, instance) => instance) : [],
        showMyScreen: state === 'closed' ? Array.from({ length: shows }, (_, instance) => instance) : [],
        ...(!rs && state === 'closed' && mix(seed, index, 98) % 5 === 0 ? { user: true as const } : {}),
      },
    };
    return {
      index,
      state,
      closesAt: state === 'running' && !abnormal ? end : undefined,
      session,
      events,
      look: lookOf(index, odd, state, session, events),
    };
  }

  return { facts };
}

function eventCount(random: Random, about: number): number {
  return Math.round(about * (0.5 + random.unit()));
}
