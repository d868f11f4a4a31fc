import { presentationValues, samplePresentation } from './session-values.ts';
import type { SessionFileStream } from './stream.ts';

/** The recording of a presentation (RS): announced by the presentation's recording URL (unverified name). */
export const presentationRecording: SessionFileStream = {
  id: 'presentation-recording',
  title: 'Presentation Recordings',
  products: ['RS'],
  permissions: ['perm_reporting_presentation'],
  samples: () => [{ ...samplePresentation, EXTENSION: 'flv' }],
  from: 'session-report',
  report: 'presentation',
  content: 'file',
  items: (presentation) =>
    presentation.recordings.session
      ? [
          {
            key: presentation.lsid,
            lsid: presentation.lsid,
            values: presentationValues(presentation),
            extension: 'flv',
          },
        ]
      : [],
  open: (appliance, item, call) => appliance.presentationRecording(item.lsid ?? item.key, call),
};
