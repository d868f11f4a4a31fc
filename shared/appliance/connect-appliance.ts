import { Failure } from '../errors.ts';
import { ActivityRequests } from './activity-requests.ts';
import type { Appliance, FileDownload } from './appliance.ts';
import { FileRequests } from './file-requests.ts';
import { type ApplianceOptions, openSite } from './open-site.ts';
import { SessionRequests } from './session-requests.ts';

export type { ApplianceOptions } from './open-site.ts';

/** A client of one site. Throws terminal `bad-host`; nothing is sent before the first call. */
export function connectAppliance(options: ApplianceOptions): Appliance {
  const { site } = options;
  const { information, link, close } = openSite(options);
  const { where, signalOf } = link;
  const sessions = new SessionRequests(link);
  const activity = new ActivityRequests(link);
  const files = new FileRequests(link);
  return {
    info: (call) => information.ask(signalOf(call)),
    sessionReport: (selector, call) => sessions.sessions(selector, call),
    sessionListing: (selector, call) => sessions.sessionListing(selector, call),
    sessionSummary: (window, call) => activity.summary(window, call),
    sessionRecording: (lsid, call) => files.recording('sessionRecording', { lsid }, call),
    commandShellRecording: (lsid, instance, format, call) =>
      files.recording('commandShellRecording', { lsid, instance, text: format === 'text' }, call),
    showMyScreenRecording: (lsid, instance, call) =>
      files.recording('showMyScreenRecording', { lsid, instance }, call),
    userRecording: (lsid, call) => files.recording('userRecording', { lsid }, call),
    presentationReport: (selector, call) => sessions.presentations(selector, call),
    presentationListing: (selector, call) => sessions.presentationListing(selector, call),
    presentationRecording: (lsid, call) => files.recording('presentationRecording', { lsid }, call),
    teamActivity: (window, call) => activity.team(window, call),
    vaultAccountActivity: (window, call) => activity.vault(window, call),
    exitSurvey: (by, window, call) => activity.exitSurvey(by, window, call),
    licenseUsage: (window, call) => activity.licenseUsage(window, call),
    endpointLicenseUsage: (call) => files.zip('endpointLicenseUsage', call),
    syslog: (call) => files.zip('syslog', call),
    archiveListing: (date, call) => activity.archiveListing(date, call),
    archive: (selector, call) => files.archive(selector, call),
    jumpItem: (call) => files.jumpItem(call),
    async backup(call): Promise<FileDownload> {
      if (call?.password !== undefined && site.auth.kind === 'legacy') {
        const message = `${where}: a backup with a password needs an OAuth API account.`;
        throw new Failure('terminal', 'backup-password', message);
      }
      return files.backup(call?.password, call);
    },
    async close(): Promise<void> {
      close();
    },
  };
}
