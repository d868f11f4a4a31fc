import { z } from 'zod';
import {
  readArchiveListing,
  readExitSurveys,
  readLicenseUsage,
  readPresentations,
  readTeamActivity,
  readVaultAccountActivity,
} from '../appliance/reports/index.ts';
import { readSessionReport } from '../appliance/session-report.ts';
import { isCapability } from '../destinations/sql/sql-mapping.ts';
import type { SessionReading } from '../sessions/session.ts';
import type { Operation } from './operation.ts';
import { fileReport, rowsReport, xmlReport } from './report-operations.ts';
import {
  dayOnly,
  listingQuery,
  selectorOf,
  sessionQuery,
  windowed,
  windowOf,
  withXml,
} from './report-queries.ts';
import { reportRows } from './report-rows.ts';

/** Sessions for people and programs: what opens a recording without a further login is left out. */
async function* sessionRows(readings: AsyncIterable<SessionReading>): AsyncGenerator<object> {
  for await (const { session, hash } of readings)
    yield {
      ...session,
      events: session.events.map((event) => ({
        ...event,
        data: event.data.filter(([name]) => !isCapability(name)),
      })),
      hash,
    };
}

const windowQuery = z.strictObject(withXml);

/**
 * Every report of an appliance that is no recording, read now and stored nowhere, within the site's limits.
 * Recordings, and what is too large for one answer, are pulled to a destination.
 */
export const reportOperations: readonly Operation[] = [
  xmlReport({
    id: 'reportSessions',
    path: 'sessions',
    summary: 'Sessions with all that happened in them (SupportSession, AccessSession)',
    query: sessionQuery,
    row: reportRows.session,
    report: (appliance, query, { signal, now }) =>
      appliance.sessionReport(selectorOf(query, now), { signal }),
    read: (chunks) => sessionRows(readSessionReport(chunks)),
  }),
  rowsReport({
    id: 'reportSessionListing',
    path: 'session-listing',
    summary: 'Which sessions there were (SupportSessionListing, AccessSessionListing)',
    role: 'Reader',
    query: listingQuery,
    row: reportRows.listing,
    rows: async (appliance, { by, ...window }, { signal, now }) =>
      appliance.sessionListing({ by, ...windowOf(window, now) }, { signal }),
  }),
  rowsReport({
    id: 'reportSessionSummary',
    path: 'session-summary',
    summary: 'Totals of each user (SupportSessionSummary, AccessSessionSummary)',
    query: z.strictObject({
      ...windowed,
      type: z
        .string()
        .regex(/^[a-z_]{1,40}$/)
        .meta({ description: '`user` (PRA), `rep` (RS).' }),
    }),
    row: reportRows.summary,
    rows: async (appliance, { type, ...window }, { signal, now }) =>
      each(await appliance.sessionSummary({ ...windowOf(window, now), reportType: type }, { signal })),
  }),
  xmlReport({
    id: 'reportPresentations',
    path: 'presentations',
    summary: 'Presentations (PresentationSession; RS)',
    query: sessionQuery,
    row: reportRows.session,
    report: (appliance, query, { signal, now }) =>
      appliance.presentationReport(selectorOf(query, now), { signal }),
    read: (chunks) => sessionRows(readPresentations(chunks)),
  }),
  rowsReport({
    id: 'reportPresentationListing',
    path: 'presentation-listing',
    summary: 'Which presentations there were (PresentationSessionListing; RS)',
    role: 'Reader',
    query: listingQuery,
    row: reportRows.listing,
    rows: async (appliance, { by, ...window }, { signal, now }) =>
      appliance.presentationListing({ by, ...windowOf(window, now) }, { signal }),
  }),
  xmlReport({
    id: 'reportTeamActivity',
    path: 'team-activity',
    summary: 'Who was logged in to teams, and what happened in them (SupportTeam, Team)',
    query: z.strictObject({
      ...withXml,
      team: z
        .string()
        .regex(/^\d{1,10}$/)
        .optional()
        .meta({ description: 'Id of the team; left out: all.' }),
    }),
    row: reportRows.team,
    report: (appliance, { team, ...window }, { signal, now }) =>
      appliance.teamActivity(
        { ...windowOf(window, now), ...(team === undefined ? {} : { teamId: team }) },
        { signal },
      ),
    read: (chunks) => readTeamActivity(chunks),
  }),
  xmlReport({
    id: 'reportVaultAccountActivity',
    path: 'vault-account-activity',
    summary: 'What happened to accounts of the vault (VaultAccountActivity)',
    query: z.strictObject({
      ...withXml,
      of: z
        .string()
        .regex(/^(all|(rep|account):\d{1,10})$/, 'give all, rep:ID or account:ID')
        .optional()
        .meta({ description: '`all` (default), `rep:ID`, `account:ID`.' }),
    }),
    row: reportRows.vault,
    report: (appliance, { of, ...window }, { signal, now }) =>
      appliance.vaultAccountActivity(
        { ...windowOf(window, now), ...(of === undefined ? {} : { limit: of }) },
        { signal },
      ),
    read: (chunks) => readVaultAccountActivity(chunks),
  }),
  ...(['customer', 'representative'] as const).map((who) =>
    xmlReport({
      id: who === 'customer' ? 'reportCustomerSurveys' : 'reportRepresentativeSurveys',
      path: `exit-surveys/${who}`,
      summary: `Answers of ${who}s after sessions (${who === 'customer' ? 'SupportCustExitSurvey' : 'SupportRepExitSurvey'}; RS)`,
      query: windowQuery,
      row: reportRows.survey,
      report: (appliance, window, { signal, now }) =>
        appliance.exitSurvey(who, windowOf(window, now), { signal }),
      read: (chunks) => readExitSurveys(chunks),
    }),
  ),
  xmlReport({
    id: 'reportLicenseUsage',
    path: 'license-usage',
    summary: 'When most of the licences were in use (LicenseUsage; RS)',
    role: 'Reader',
    query: z.strictObject({ ...withXml, groupBy: z.enum(['hour', 'day', 'month']).default('day') }),
    row: reportRows.licence,
    report: (appliance, { groupBy, ...window }, { signal, now }) =>
      appliance.licenseUsage({ ...windowOf(window, now), groupBy }, { signal }),
    read: (chunks) => readLicenseUsage(chunks),
  }),
  xmlReport({
    id: 'reportArchiveListing',
    path: 'archive-listing',
    summary: 'Which archives of real-time state a day has (ArchiveListing; RS)',
    role: 'Reader',
    query: z.strictObject({ date: dayOnly, limit: windowed.limit, format: withXml.format }),
    row: reportRows.archive,
    report: (appliance, { date }, { signal }) => appliance.archiveListing(date, { signal }),
    read: (chunks) => readArchiveListing(chunks),
  }),
  fileReport({
    id: 'reportArchive',
    path: 'archive',
    summary: 'One archive of real-time state, gzip of JSON (Archive; RS)',
    query: z.strictObject({
      date: dayOnly,
      type: z.enum(['state', 'event']),
      index: z
        .string()
        .regex(/^[A-Za-z0-9_.:-]{1,100}$/)
        .meta({ description: 'From the listing.' }),
    }),
    file: 'archive.json.gz',
    open: (appliance, selector, signal) => appliance.archive(selector, { signal }),
  }),
  fileReport({
    id: 'reportEndpointLicenseUsage',
    path: 'endpoint-license-usage',
    summary: 'Endpoints that use licences, a ZIP with CSV (EndpointLicenseUsage)',
    query: z.strictObject({}),
    file: 'endpoint-license-usage.zip',
    open: (appliance, _query, signal) => appliance.endpointLicenseUsage({ signal }),
  }),
  fileReport({
    id: 'reportSyslog',
    path: 'syslog',
    summary: 'The syslog, a ZIP (Syslog)',
    query: z.strictObject({}),
    file: 'syslog.zip',
    open: (appliance, _query, signal) => appliance.syslog({ signal }),
  }),
  fileReport({
    id: 'reportJumpItems',
    path: 'jump-items',
    summary: 'Jump Items, as the appliance sends them (JumpItem)',
    query: z.strictObject({}),
    file: 'jump-items',
    open: (appliance, _query, signal) => appliance.jumpItem({ signal }),
  }),
];

async function* each<T>(rows: readonly T[]): AsyncGenerator<T> {
  yield* rows;
}
