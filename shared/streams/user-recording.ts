import { sampleSession, sessionValues } from './session-values.ts';
import type { SessionFileStream } from './stream.ts';

/**
 * The recording of the user's whole desktop in a Protocol Tunnel Jump (PRA). The API guides name the report
 * (UserRecording) and say nothing more: neither its parameters nor how a session shows that it has one. So it is asked
 * for by lsid, and for sessions that have an element named after it (see `SessionRecordings.user`); all others would
 * only be refused.
 */
export const userRecording: SessionFileStream = {
  id: 'user-recording',
  title: 'User Recordings',
  products: ['PRA'],
  permissions: ['perm_reporting'],
  defaultFormat: '%SUPPORT_SITE_HOST%-%SESSION_TYPE%-%LSID%.user.%EXTENSION%',
  samples: () => [{ ...sampleSession, EXTENSION: 'flv' }],
  from: 'session-report',
  report: 'session',
  content: 'file',
  items: (session) =>
    session.recordings.user
      ? [{ key: session.lsid, lsid: session.lsid, values: sessionValues(session), extension: 'flv' }]
      : [],
  open: (appliance, item, call) => appliance.userRecording(item.lsid ?? item.key, call),
};
