import type { Origin, SessionVersion } from '../destination.ts';

/** A session with a row in every table, for the check; it is never committed. */
export const probeOrigin: Origin = { siteId: 'check', host: 'check.invalid' };
const nobody = {
  gsNumber: '1',
  userName: 'check',
  publicIp: null,
  privateIp: null,
  hostName: null,
  operatingSystem: null,
};
export const probe: SessionVersion = {
  hash: 'check',
  closed: true,
  readAt: 0,
  session: {
    lsid: 'check',
    type: 'support',
    lseq: '1',
    startTime: 1,
    endTime: 2,
    duration: '00:00:01',
    jumpoint: null,
    publicSite: null,
    jumpGroup: null,
    externalKey: null,
    customAttributes: [{ displayName: 'check', codeName: 'check', value: 'check' }],
    fileTransferCount: 0,
    fileMoveCount: 0,
    fileDeleteCount: 0,
    primaryCustomer: null,
    primaryRepresentative: null,
    primaryTeam: null,
    customers: [
      {
        ...nobody,
        isPrimary: true,
        name: null,
        issue: null,
        issueDescription: null,
        companyName: null,
        companyCode: null,
      },
    ],
    representatives: [
      {
        ...nobody,
        userId: '1',
        displayName: 'check',
        publicDisplayName: null,
        privateDisplayName: null,
        isOwner: true,
        isPrimary: true,
        isInvited: null,
        secondsInvolved: 1,
      },
    ],
    teams: [{ id: '1', name: 'check', isPrimary: true }],
    events: [
      {
        type: 'Session Start',
        time: 1,
        performedBy: null,
        destination: null,
        data: [['check', 'check']],
        systemInformation: [{ category: 'check', information: 'check' }],
      },
    ],
    recordings: { session: false, commandShell: [], showMyScreen: [] },
  },
};
