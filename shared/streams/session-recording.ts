import { sampleSession, sessionValues } from './session-values.ts';
import type { SessionFileStream } from './stream.ts';

/**
 * The screen recording of a session, by SupportSessionRecording or AccessSessionRecording. A session says that it has
 * one by its session_recording_download_url, which is there only after it ended and where the account may view
 * recordings (API guide).
 */
export const sessionRecording: SessionFileStream = {
  id: 'session-recording',
  title: 'Session Recordings',
  products: ['RS', 'PRA'],
  permissions: ['perm_reporting_support', 'perm_reporting'],
  samples: () => [{ ...sampleSession, EXTENSION: 'flv' }],
  from: 'session-report',
  report: 'session',
  content: 'file',
  items: (session) =>
    session.recordings.session
      ? [{ key: session.lsid, lsid: session.lsid, values: sessionValues(session), extension: 'flv' }]
      : [],
  open: (appliance, item, call) => appliance.sessionRecording(item.lsid ?? item.key, call),
};
