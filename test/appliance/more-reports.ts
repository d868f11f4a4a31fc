import { archivesOf, archiveXml } from './activity/archives.ts';
import { type Grouping, licenseIntervals, licenseXml } from './activity/license-usage.ts';
import { summariesOf, summaryXml } from './activity/summaries.ts';
import { type Surveyed, surveysOf, surveyXml } from './activity/surveys.ts';
import { teamXml } from './activity/team-activity-xml.ts';
import { vaultXml } from './activity/vault-activity.ts';
import { readingCapability } from './capabilities.ts';
import { archiveReply, jumpItemReply, noArchives, recordingReply, zipReply } from './file-reports.ts';
import type { Reply } from './reply.ts';
import { emptyReply, listReply, refuse } from './report-replies.ts';
import { readSelector } from './selectors.ts';
import type { World } from './world.ts';
import { element } from './xml-element.ts';
import { isoTime, xmlAttribute } from './xml-text.ts';

type Parameters = Readonly<Record<string, string>>;
type Window = { readonly from: number; readonly to: number };

/** Reports of one product or both that are not of sessions, by name. */
export function moreReports(world: World, parameters: Parameters): Reply | undefined {
  const both: Record<string, () => Reply> = {
    CommandShellRecording: () => recordingReply(world, 'command-shell', parameters),
    VaultAccountActivity: () => vaultReply(world, parameters),
    EndpointLicenseUsage: () => zipReply(world, 'jump-items', world.snapshots.endpointLicenseUsage()),
    Syslog: () => zipReply(world, 'syslog', world.snapshots.syslog(world.clock.now())),
    JumpItem: () => jumpItemReply(world),
  };
  const own: Record<'RS' | 'PRA', Record<string, () => Reply>> = {
    RS: {
      SupportTeam: () => teamReply(world, parameters),
      SupportSessionSummary: () => summaryReply(world, parameters),
      ShowMyScreenRecording: () => recordingReply(world, 'show-my-screen', parameters),
      PresentationSession: () => presentationReply(world, parameters),
      PresentationSessionListing: () => presentationListingReply(world, parameters),
      PresentationSessionRecording: () => recordingReply(world, 'presentation', parameters),
      SupportCustExitSurvey: () => surveyReply(world, 'customer', parameters),
      SupportRepExitSurvey: () => surveyReply(world, 'representative', parameters),
      LicenseUsage: () => licenseReply(world, parameters),
      ArchiveListing: () => archiveListingReply(world, parameters),
      Archive: () => archiveReply(world, parameters),
    },
    PRA: {
      Team: () => teamReply(world, parameters),
      AccessSessionSummary: () => summaryReply(world, parameters),
      UserRecording: () => recordingReply(world, 'user', parameters),
    },
  };
  const name = parameters.generate_report ?? '';
  const reports = { ...both, ...own[world.settings.product] };
  return Object.hasOwn(reports, name) ? reports[name]?.() : undefined;
}

/** A report by window: its answer, or the refusal of its parameters. */
function windowed(world: World, parameters: Parameters, answer: (window: Window) => Reply): Reply {
  const selector = readSelector(parameters, false);
  if ('wrong' in selector) return refuse(world, selector.wrong);
  return selector.kind === 'window' ? answer(selector) : refuse(world, 'A required parameter is missing.');
}

function teamReply(world: World, parameters: Parameters): Reply {
  return windowed(world, parameters, (window) => {
    const now = world.clock.now();
    const list = world.teamActivity.teams(window, now, parameters.team_id);
    if (list.length === 0) return emptyReply(world, 'team_activity_list', 'team activity');
    return listReply(world, 'team_activity_list', function* () {
      yield period(window, now);
      for (const team of list) yield* teamXml(team);
    });
  });
}

function vaultReply(world: World, parameters: Parameters): Reply {
  const { limit } = parameters;
  if (limit !== undefined && !/^(all|(rep|account):\d+)$/.test(limit))
    return refuse(world, 'The parameter limit is not valid.');
  return windowed(world, parameters, (window) => {
    const entries = world.vaultActivity.entries(window, world.clock.now(), limit);
    if (entries.length === 0)
      return emptyReply(world, 'vault_account_activity_list', 'vault account activity');
    return listReply(world, 'vault_account_activity_list', () => entries.map(vaultXml));
  });
}

/** As public clients ask: every representative's surveys. By lsid it takes the type alone. */
function surveyReply(world: World, by: Surveyed, parameters: Parameters): Reply {
  if (parameters.report_type !== 'rep' || parameters.id !== 'all')
    return refuse(world, 'The parameters report_type and id are not valid.');
  return windowed(world, parameters, (window) => {
    const surveys = surveysOf(world, by, window, world.clock.now());
    if (surveys.length === 0) return emptyReply(world, 'exit_survey_list', 'Exit Survey report information');
    return listReply(world, 'exit_survey_list', () => surveys.map(surveyXml));
  });
}

function licenseReply(world: World, parameters: Parameters): Reply {
  const groupBy = parameters.group_by ?? '';
  if (!['hour', 'day', 'month'].includes(groupBy))
    return refuse(world, 'The parameter group_by is not valid.');
  if (parameters.end_time !== undefined || parameters.end_date !== undefined)
    return refuse(world, 'The report takes start_date or start_time.');
  return windowed(world, parameters, (window) => {
    const now = world.clock.now();
    const intervals = licenseIntervals(world.settings, window, now, groupBy as Grouping);
    if (intervals.length === 0) return emptyReply(world, 'license_usage', 'License Usage report information');
    return listReply(world, 'license_usage', function* () {
      yield period(window, now);
      yield element(1, 'group_by', groupBy);
      yield '    <license_time_intervals>\n';
      yield* intervals.map(licenseXml);
      yield '    </license_time_intervals>\n';
    });
  });
}

function summaryReply(world: World, parameters: Parameters): Reply {
  const type = world.settings.product === 'RS' ? 'rep' : 'user';
  if (parameters.report_type !== type) return refuse(world, 'The parameter report_type is not valid.');
  return windowed(world, parameters, (window) => {
    const summaries = summariesOf(world, window, world.clock.now(), type);
    if (summaries.length === 0) return emptyReply(world, 'summary_list', 'Support report information');
    return listReply(world, 'summary_list', () => summaries.map(summaryXml));
  });
}

function presentationReply(world: World, parameters: Parameters): Reply {
  const selector = readSelector(parameters, true);
  if ('wrong' in selector) return refuse(world, selector.wrong);
  const now = world.clock.now();
  const { presentations } = world;
  const indexes =
    selector.kind === 'lsids'
      ? selector.lsids.map((lsid) => presentations.find(lsid, now)).filter((index) => index !== undefined)
      : [...presentations.select(selector.by, selector.from, selector.to, now)];
  const root = 'presentation_session_list';
  if (indexes.length === 0) {
    return selector.kind === 'lsids'
      ? refuse(world, 'Invalid lsid.')
      : emptyReply(world, root, 'Presentation report information');
  }
  const reading = world.nextReading();
  return listReply(world, root, () =>
    indexes.map((index) => presentations.xml(index, now, readingCapability(world.secret, reading, index))),
  );
}

function presentationListingReply(world: World, parameters: Parameters): Reply {
  const selector = readSelector(parameters, false);
  if ('wrong' in selector || selector.kind !== 'window')
    return refuse(world, 'The parameters are not valid.');
  const now = world.clock.now();
  const indexes = [...world.presentations.select(selector.by, selector.from, selector.to, now)];
  const root = 'presentation_session_summary_list';
  if (indexes.length === 0) return emptyReply(world, root, 'Presentation report information');
  return listReply(world, root, () =>
    indexes.map((index) => {
      const { lsid, externalKey, recordings } = world.presentations.model(index, now);
      const key = externalKey ? ` external_key="${xmlAttribute(externalKey)}"` : '';
      const recorded = recordings.session ? '1' : '0';
      return `<presentation_session_summary lsid="${lsid}" has_recording="${recorded}"${key} />\n`;
    }),
  );
}

function archiveListingReply(world: World, { date = '' }: Parameters): Reply {
  const archives = archivesOf(world, date, world.clock.now());
  if (archives.length === 0) return refuse(world, noArchives);
  return listReply(world, 'archive_list', () => archives.map(archiveXml));
}

function period({ from, to }: Window, now: number): string {
  const time = (name: string, seconds: number) =>
    element(1, name, isoTime(seconds), 'entities', { timestamp: String(seconds) });
  return time('start_time', from) + time('end_time', Math.min(to, now));
}
