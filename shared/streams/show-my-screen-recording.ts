import { sampleSession, sessionValues } from './session-values.ts';
import type { SessionFileStream } from './stream.ts';

/**
 * What a representative showed of the own screen in a session (RS), by instance. The element that lists the instances
 * in a session is unverified; the reader takes it under the name that goes with command shells. Its default name has a
 * word of its own: a command shell of the same session has the same values.
 */
export const showMyScreenRecording: SessionFileStream = {
  id: 'show-my-screen-recording',
  title: 'Show My Screen Recordings',
  products: ['RS'],
  permissions: ['perm_reporting_support'],
  defaultFormat: '%SUPPORT_SITE_HOST%-%SESSION_TYPE%-%LSID%.show-my-screen.%INSTANCE%.%EXTENSION%',
  samples: () => ['0', '1'].map((INSTANCE) => ({ ...sampleSession, INSTANCE, EXTENSION: 'flv' })),
  from: 'session-report',
  report: 'session',
  content: 'file',
  items: (session) =>
    session.recordings.showMyScreen.map((number) => ({
      key: `${session.lsid}|${number}`,
      lsid: session.lsid,
      instance: String(number),
      values: { ...sessionValues(session), INSTANCE: String(number) },
      extension: 'flv',
    })),
  open: (appliance, { key, lsid, instance }, call) => {
    if (lsid === undefined || instance === undefined) throw new Error(`${key} names no recording`);
    return appliance.showMyScreenRecording(lsid, instance, call);
  },
};
