/** The roles of the Entra application. Ids are fixed, so that making it again finds them. `value` is in tokens. */
export const entraRoles = [
  {
    id: '6c1d1f0a-0d5e-4f5b-9a52-6a3f1f1b7a01',
    value: 'Reader',
    displayName: 'Reader',
    description: 'Sees status and metadata: sites, schedules, runs, coverage.',
  },
  {
    id: '6c1d1f0a-0d5e-4f5b-9a52-6a3f1f1b7a02',
    value: 'EvidenceViewer',
    displayName: 'Evidence Viewer',
    description: 'Sees stored content: recordings, session reports, backups.',
  },
  {
    id: '6c1d1f0a-0d5e-4f5b-9a52-6a3f1f1b7a03',
    value: 'Operator',
    displayName: 'Operator',
    description: 'Starts, cancels and repeats runs and pulls.',
  },
  {
    id: '6c1d1f0a-0d5e-4f5b-9a52-6a3f1f1b7a04',
    value: 'Administrator',
    displayName: 'Administrator',
    description: 'Changes settings.',
  },
] as const;

/** The permission that a signed-in person's tool asks for. */
export const accessScopeId = '6c1d1f0a-0d5e-4f5b-9a52-6a3f1f1b7a10';
