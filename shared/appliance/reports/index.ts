/** Readers of the reports, each a stream of rows as typed values. What they throw is at `readRows` (row-report.ts). */
export type { RowReport } from '../row-report.ts';
export { type ArchiveEntry, readArchiveListing } from './archive-listing.ts';
export { type ExitSurvey, readExitSurveys, type SurveyQuestion } from './exit-surveys.ts';
export { type LicenseUsageInterval, type LicenseUsageReport, readLicenseUsage } from './license-usage.ts';
export { presentationShape, readPresentations } from './presentations.ts';
export { readSessionSummaries } from './session-summaries.ts';
export {
  type ActivityTeam,
  readTeamActivity,
  type TeamActivityEntry,
  type TeamActivityReport,
  type TeamEvent,
  type TeamMember,
} from './team-activity.ts';
export { readVaultAccountActivity, type VaultAccountActivity } from './vault-account-activity.ts';
