import { presentationValues, samplePresentation } from './session-values.ts';
import type { DocumentStream } from './stream.ts';

/**
 * Presentations (RS), one XML file each, as sent. No public source shows the report: its elements are unverified, and
 * it is read tolerantly (appliance/reports/presentations.ts). Whoever may not see all presentations gets those of the account.
 */
export const presentationData: DocumentStream = {
  id: 'presentation-data',
  title: 'Presentation Data',
  products: ['RS'],
  permissions: ['perm_reporting_presentation'],
  samples: () => [{ ...samplePresentation, EXTENSION: 'xml' }],
  from: 'session-report',
  report: 'presentation',
  content: 'document',
  valuesOf: presentationValues,
};
