import { backup } from './backup.ts';
import { commandShellRecording } from './command-shell-recording.ts';
import { endpointLicenseUsage } from './endpoint-license-usage.ts';
import { exitSurvey } from './exit-survey.ts';
import { licenseUsage } from './license-usage.ts';
import { presentationData } from './presentation-data.ts';
import { presentationRecording } from './presentation-recording.ts';
import { sessionData } from './session-data.ts';
import { sessionRecording } from './session-recording.ts';
import { showMyScreenRecording } from './show-my-screen-recording.ts';
import type { Stream, StreamId } from './stream.ts';
import { syslog } from './syslog.ts';
import { teamActivity } from './team-activity.ts';
import { userRecording } from './user-recording.ts';
import { vaultAccountActivity } from './vault-account-activity.ts';

/**
 * Every data type the product can pull, one file each. "Access keys", which the guides' tester names once, are not
 * among them: no documented API returns them.
 */
export const streams: readonly Stream[] = [
  sessionData,
  sessionRecording,
  commandShellRecording,
  showMyScreenRecording,
  userRecording,
  presentationData,
  presentationRecording,
  backup,
  teamActivity,
  vaultAccountActivity,
  exitSurvey,
  licenseUsage,
  endpointLicenseUsage,
  syslog,
];

export function streamOf(id: StreamId): Stream {
  const stream = streams.find((candidate) => candidate.id === id);
  if (!stream) throw new Error(`no data type ${id}`);
  return stream;
}
