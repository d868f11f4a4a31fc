import type { FileNameValues } from '../destinations/destination.ts';
import type { Session } from '../sessions/session.ts';

/** The replacement values that a session gives (IC guide: Special Replacement Values). */
export function sessionValues(session: Session): FileNameValues {
  return {
    LSID: session.lsid,
    ...(session.lseq ? { LSEQ: session.lseq } : {}),
    ...(session.externalKey ? { EXTERNAL_KEY: session.externalKey } : {}),
    // Both products send `support` today (API guide); an appliance that leaves it out means the same.
    SESSION_TYPE: session.type || 'support',
  };
}

/** The same of a presentation: SESSION_TYPE tells it from a session. */
export function presentationValues(presentation: Session): FileNameValues {
  return { ...sessionValues(presentation), SESSION_TYPE: 'presentation' };
}

/** One session's values, for checking formats. */
export const sampleSession: FileNameValues = {
  LSID: '0123456789abcdef0123456789abcdef',
  LSEQ: '1',
  EXTERNAL_KEY: 'key',
  SESSION_TYPE: 'support',
};

/** One presentation's. */
export const samplePresentation: FileNameValues = {
  ...sampleSession,
  LSID: 'fedcba9876543210fedcba9876543210',
  SESSION_TYPE: 'presentation',
};
