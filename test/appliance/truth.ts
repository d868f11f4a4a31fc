import { hash } from 'node:crypto';
import { archiveOf, archivesOf } from './activity/archives.ts';
import { licenseIntervals } from './activity/license-usage.ts';
import { findRecording } from './activity/recordings.ts';
import { summariesOf } from './activity/summaries.ts';
import { surveysOf } from './activity/surveys.ts';
import { teamEntries } from './activity/team-activity.ts';
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
    otherRecording(kind, asked, at = world.clock.now()) {
      const found = findRecording(world, kind, asked, at);
      if ('wrong' in found || found.body.length === undefined) return undefined;
      return { size: found.body.length, sha256: fileSha256(found.body) };
    },
    *presentations(at = world.clock.now()) {
      const { presentations } = world;
      for (const index of presentations.select('start', 0, Number.POSITIVE_INFINITY, at))
        yield presentations.model(index, at);
    },
    teamActivity: ({ teamId, ...window }, at = world.clock.now()) =>
      teamEntries(world.teamActivity.teams(window, at, teamId)),
    vaultAccountActivity: ({ limit, ...window }, at = world.clock.now()) =>
      world.vaultActivity.entries(window, at, limit),
    exitSurveys: (by, window, at = world.clock.now()) => surveysOf(world, by, window, at),
    licenseUsage: ({ groupBy, ...window }, at = world.clock.now()) =>
      licenseIntervals(world.settings, window, at, groupBy),
    sessionSummary: (window, at = world.clock.now()) =>
      summariesOf(world, window, at, world.settings.product === 'RS' ? 'rep' : 'user'),
    archives: (date, at = world.clock.now()) => archivesOf(world, date, at),
    archive(date, type, index, at = world.clock.now()) {
      const content = archiveOf(world, date, type, index, at);
      return content && { size: content.length, sha256: hash('sha256', content, 'hex') };
    },
    get lastSyslog() {
      return world.snapshots.lastSyslog;
    },
    get lastEndpointLicenseUsage() {
      return world.snapshots.lastEndpointLicenseUsage;
    },
  };
}
