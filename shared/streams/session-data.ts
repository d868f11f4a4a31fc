import { sampleSession, sessionValues } from './session-values.ts';
import type { SessionDataStream } from './stream.ts';

/** IC guide: session data, one XML file a session, or rows of the SQL schema. */
export const sessionData: SessionDataStream = {
  id: 'session-data',
  title: 'Session Data',
  products: ['RS', 'PRA'],
  permissions: ['perm_reporting_support', 'perm_reporting'],
  samples: () => [{ ...sampleSession, EXTENSION: 'xml' }],
  from: 'session-report',
  report: 'session',
  content: 'session',
  valuesOf: sessionValues,
};
