import type { Backups } from './backups.ts';
import { fileSha256 } from './file-bytes.ts';
import { modelOf } from './session-facts.ts';
import type { ApplianceTruth, SessionTruth } from './simulated-appliance.ts';
import type { World } from './world.ts';

/** What the seed says, straight from the generator: no XML is involved. */
export function createTruth(world: World, backups: Backups): ApplianceTruth {
  const truthOf = (index: number, at: number): SessionTruth => {
    const facts = world.generator.facts(index, at);
    return {
      session: modelOf(facts),
      state: facts.state,
      ...(facts.closesAt === undefined ? {} : { closesAt: facts.closesAt }),
      hasRecording: facts.session.recordings.session,
    };
  };
  return {
    *sessions(at = world.clock.now()) {
      for (const index of world.population.startedIn(0, Number.POSITIVE_INFINITY, at))
        yield truthOf(index, at);
    },
    session(lsid, at = world.clock.now()) {
      const index = world.find(lsid, at);
      return index === undefined ? undefined : truthOf(index, at);
    },
    recording(lsid) {
      const index = world.find(lsid, Number.POSITIVE_INFINITY);
      const body = index === undefined ? undefined : world.recording(index);
      return body?.length === undefined ? undefined : { size: body.length, sha256: fileSha256(body) };
    },
    get lastBackup() {
      return backups.last;
    },
  };
}
