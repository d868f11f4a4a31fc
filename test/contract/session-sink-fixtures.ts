import type { Origin, SessionVersion } from '../../shared/destinations/destination.ts';
import type { Customer, Representative, Session, SessionEvent } from '../../shared/sessions/session.ts';

export const rsOrigin: Origin = {
  siteId: 'support',
  host: 'support.example.com',
  applianceId: '{5F1A}',
  apiVersion: '1.24.1',
};
export const praOrigin: Origin = { siteId: 'access', host: 'access.example.com' };

export const emptySession: Session = {
  lsid: '00000000000000000000000000000000',
  type: null,
  lseq: null,
  startTime: null,
  endTime: null,
  duration: null,
  jumpoint: null,
  publicSite: null,
  jumpGroup: null,
  externalKey: null,
  customAttributes: [],
  fileTransferCount: null,
  fileMoveCount: null,
  fileDeleteCount: null,
  primaryCustomer: null,
  primaryRepresentative: null,
  primaryTeam: null,
  customers: [],
  representatives: [],
  teams: [],
  events: [],
  recordings: { session: false, commandShell: [], showMyScreen: [] },
};

export const emptyCustomer: Customer = {
  gsNumber: null,
  userName: null,
  publicIp: null,
  privateIp: null,
  hostName: null,
  operatingSystem: null,
  isPrimary: null,
  name: null,
  issue: null,
  issueDescription: null,
  companyName: null,
  companyCode: null,
};

export const emptyRepresentative: Representative = {
  gsNumber: null,
  userName: null,
  publicIp: null,
  privateIp: null,
  hostName: null,
  operatingSystem: null,
  userId: null,
  displayName: null,
  publicDisplayName: null,
  privateDisplayName: null,
  isOwner: null,
  isPrimary: null,
  isInvited: null,
  secondsInvolved: null,
};

/** A Remote Support session with something in every field. */
export const rsSession: Session = {
  lsid: 'aaaabbbbccccddddeeeeffff00001111',
  type: 'support',
  lseq: '900',
  startTime: 1_760_000_400,
  endTime: 1_760_097_154,
  duration: '26:52:34',
  jumpoint: { id: '3', name: 'DC West' },
  publicSite: { id: '2', name: 'Helpdesk' },
  jumpGroup: { id: '9', name: 'Kiosks', type: 'shared' },
  externalKey: 'INC0098900',
  customAttributes: [
    { displayName: 'Floor', codeName: 'floor', value: '0' },
    { displayName: 'Cost & Centre', codeName: 'cost', value: '' },
  ],
  fileTransferCount: 3,
  fileMoveCount: 2,
  fileDeleteCount: 1,
  primaryCustomer: { gsNumber: '302', name: 'Pat Quill' },
  primaryRepresentative: { gsNumber: '301', name: 'Rosa Imai', id: '5' },
  primaryTeam: { id: '2', name: 'Service Desk' },
  customers: [
    {
      gsNumber: '302',
      userName: 'pquill',
      publicIp: '203.0.113.77:49152',
      privateIp: '192.168.40.15',
      hostName: 'PC-4015',
      operatingSystem: 'Windows 11 Pro',
      isPrimary: true,
      name: 'Pat Quill',
      issue: '3',
      issueDescription: 'Printer says "PC LOAD LETTER" & stops',
      companyName: 'Example GmbH',
      companyCode: 'EX-01',
    },
  ],
  representatives: [
    {
      gsNumber: '301',
      userId: '5',
      userName: 'rimai',
      displayName: 'Rosa Imai',
      publicDisplayName: 'Rosa',
      privateDisplayName: 'Rosa Imai (Desk 2)',
      publicIp: '[2001:db8::9d]:50555',
      privateIp: '192.168.2.31',
      hostName: 'DESK-31',
      operatingSystem: 'Windows 11 Pro',
      isOwner: true,
      isPrimary: true,
      isInvited: null,
      secondsInvolved: 754,
    },
  ],
  teams: [
    { id: '2', name: 'Service Desk', isPrimary: true },
    { id: '7', name: 'Second Line', isPrimary: false },
  ],
  events: [
    {
      type: 'Session Start',
      time: 1_760_000_400,
      performedBy: null,
      destination: null,
      data: [],
      systemInformation: [],
    },
    {
      type: 'Chat Message',
      time: 1_760_000_404,
      performedBy: { type: 'customer', gsNumber: '302', name: 'Pat Quill' },
      destination: { type: 'everyone', gsNumber: null, name: '' },
      data: [['body', 'Hello']],
      systemInformation: [],
    },
    {
      type: 'System Information Retrieved',
      time: 1_760_000_430,
      performedBy: { type: 'system', gsNumber: '0', name: 'Remote Support' },
      destination: { type: 'representative', gsNumber: '301', name: 'Rosa Imai' },
      data: [],
      systemInformation: [
        { category: 'General', information: '<field id="host">PC-4015</field>' },
        { category: 'Drives', information: '<row><field>C:\\</field><field>71%</field></row>' },
      ],
    },
    {
      type: 'Show My Screen Recording',
      time: 1_760_000_450,
      performedBy: { type: 'representative', gsNumber: '301', name: 'Rosa Imai' },
      destination: null,
      data: [
        ['instance', '0'],
        ['download_url', 'https://support.example.com/d?h=0f1e2d3c'],
        ['View_URL', 'https://support.example.com/v?h=0f1e2d3c'],
        ['url_count', '2'],
      ],
      systemInformation: [],
    },
  ],
  recordings: { session: true, commandShell: [], showMyScreen: [0] },
};

/** A Privileged Remote Access session as sent today: no public site, no teams, primaries named on the session only. */
export const praSession: Session = {
  ...emptySession,
  lsid: '3f9c2a7b5d814e60a1c2d3e4f5061728',
  type: 'support',
  lseq: '4711',
  startTime: 1_760_000_400,
  jumpGroup: { id: '-1', name: '', type: 'shared' },
  externalKey: '',
  fileTransferCount: 0,
  primaryRepresentative: { gsNumber: '51', name: 'Mei Lindqvist', id: '17' },
  customers: [{ ...emptyCustomer, gsNumber: '52', userName: 'SQL-NODE-07', privateIp: 'Unknown' }],
  representatives: [
    { ...emptyRepresentative, gsNumber: '51', userId: '17', displayName: 'Mei Lindqvist', isOwner: true },
    { ...emptyRepresentative, gsNumber: '60', userId: '17', privateDisplayName: '', displayName: 'Mei' },
  ],
};

export function version(
  session: Session,
  changes: Partial<Omit<SessionVersion, 'session'>> = {},
): SessionVersion {
  return { session, hash: 'h1', closed: session.endTime !== null, readAt: 1_760_100_000, ...changes };
}

export function event(data: SessionEvent['data']): SessionEvent {
  return { type: 'Chat Message', time: 1, performedBy: null, destination: null, data, systemInformation: [] };
}

/** A session of its own with some events, for loads. */
export function numbered(number: number, events = 5): Session {
  return {
    ...rsSession,
    lsid: number.toString(16).padStart(32, '0'),
    events: Array.from({ length: events }, (_, index) =>
      event([
        ['body', `message ${index} of ${number}`],
        ['size', String(index)],
      ]),
    ),
  };
}
