import { randomBytes } from 'node:crypto';
import { createPresentations, type Presentations } from './activity/presentations.ts';
import { createSnapshots, type Snapshots } from './activity/snapshots.ts';
import { createTeamActivity, type TeamActivity } from './activity/team-activity.ts';
import { createVaultActivity, type VaultActivity } from './activity/vault-activity.ts';
import { readingCapability, sessionUrls } from './capabilities.ts';
import { createClock } from './clock.ts';
import { createOperations, type Operations } from './commands/operations.ts';
import { flashVideoHeader, madeFile } from './file-bytes.ts';
import type { Settings } from './options.ts';
import { createPopulation, type Population } from './population.ts';
import { mixUnit } from './random.ts';
import type { ReplyBody } from './reply.ts';
import { createGenerator, type SessionGenerator } from './session-generator.ts';
import { createSessionIds, type SessionIds } from './session-ids.ts';
import { sessionXml } from './session-xml.ts';
import type { ApplianceClock, Withheld } from './simulated-appliance.ts';

/** All that is on the appliance, computed when asked for. */
export interface World {
  readonly settings: Settings;
  readonly clock: ApplianceClock;
  readonly withheld: Withheld;
  readonly ids: SessionIds;
  readonly population: Population;
  readonly generator: SessionGenerator;
  readonly presentations: Presentations;
  readonly teamActivity: TeamActivity;
  readonly vaultActivity: VaultActivity;
  readonly snapshots: Snapshots;
  readonly operations: Operations;
  /** Goes into access hashes; another one after a restart. */
  readonly secret: string;
  /** The index of a session that has begun by `at`. */
  find(lsid: string, at: number): number | undefined;
  /** Begins a reading: its access hashes are its own, so two readings of a session differ there. */
  beginReading(): (index: number, at: number) => string;
  /** The number of a reading of its own. */
  nextReading(): number;
  /** `undefined` where the session never has a recording. */
  recording(index: number): ReplyBody | undefined;
}

export function createWorld(settings: Settings): World {
  const ids = createSessionIds(settings.product, settings.seed);
  const population = createPopulation(settings);
  const generator = createGenerator(settings, population, ids);
  // Access hashes differ after a restart too.
  const secret = randomBytes(16).toString('hex');
  const withheld: Withheld = { sessions: new Set(), recordingUrls: new Set() };
  let readings = 0;
  return {
    settings,
    clock: createClock(),
    withheld,
    ids,
    population,
    generator,
    presentations: createPresentations(settings),
    teamActivity: createTeamActivity(settings),
    vaultActivity: createVaultActivity(settings, ids),
    snapshots: createSnapshots(settings),
    operations: createOperations(settings),
    secret,
    nextReading: () => readings++,
    find(lsid, at) {
      const index = ids.index(lsid);
      return index !== undefined && index < population.count && population.startOf(index) <= at
        ? index
        : undefined;
    },
    beginReading() {
      const reading = readings++;
      return (index, at) => {
        const capability = readingCapability(secret, reading, index);
        const facts = generator.facts(index, at, capability);
        const urls = sessionUrls(settings.siteHost, facts.session.lsid, capability);
        const xml = sessionXml(facts, settings.product, urls);
        return withheld.recordingUrls === 'all' || withheld.recordingUrls.has(facts.session.lsid)
          ? xml.replaceAll(/ *<session_recording_(?:view|download)_url>[^<]*<[^>]*>\n/g, '')
          : xml;
      };
    },
    recording(index) {
      if (!population.isRecorded(index)) return undefined;
      const [smallest, largest] = settings.recordingBytes;
      const size = smallest + Math.floor(mixUnit(settings.seed, index, 5) * (largest - smallest + 1));
      return madeFile(`recording ${settings.seed} ${ids.lsid(index)}`, flashVideoHeader, size);
    },
  };
}
