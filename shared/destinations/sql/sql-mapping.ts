import type {
  CustomAttribute,
  Customer,
  Representative,
  Session,
  SessionEvent,
  SystemInformation,
  Team,
} from '../../sessions/session.ts';
import type { Origin } from '../destination.ts';
import type { DataColumn, GuideTable } from './sql-schema.ts';
import {
  firstGiven,
  flagOf,
  integerOf,
  isPrimaryOf,
  notBlank,
  type SqlValue,
  timeText,
} from './sql-values.ts';

export interface Within {
  readonly session: Session;
  readonly origin: Origin;
}
export interface Sources {
  readonly session: Session;
  readonly session_event: SessionEvent;
  readonly session_event_data: readonly [name: string, value: string];
  readonly system_information: SystemInformation;
  readonly representative: Representative;
  readonly customer: Customer;
  readonly team: Team;
  readonly custom_attribute: CustomAttribute;
}

export type ColumnValue<T extends GuideTable> = (source: Sources[T], within: Within) => SqlValue;
export type Mapping = {
  readonly [T in GuideTable]: { readonly [C in DataColumn<T>]: ColumnValue<T> };
};

/** Every column of the guides and where its value comes from. `docs/sql-columns.md` says the same in words. */
export const mapping: Mapping = {
  session: {
    lsid: (session) => session.lsid,
    type: (session) => session.type,
    start_time: (session) => timeText(session.startTime),
    end_time: (session) => timeText(session.endTime),
    duration: (session) => session.duration,
    file_transfers: (session) => session.fileTransferCount,
    host_name: (_, { origin }) => origin.host,
    external_key: (session) => session.externalKey,
    public_site_id: (session) => integerOf(session.publicSite?.id) ?? 1,
    public_site_name: (session) => notBlank(session.publicSite?.name) ?? 'Default',
    lseq: (session) => integerOf(session.lseq),
    Jump_group_id: (session) => integerOf(session.jumpGroup?.id),
    Jump_group_name: (session) => session.jumpGroup?.name ?? null,
    Jump_group_type: (session) => session.jumpGroup?.type ?? null,
  },
  session_event: {
    type: (event) => event.type,
    event_time: (event) => timeText(event.time),
    performed_by: (event) => event.performedBy?.name ?? null,
    performed_by_type: (event) => event.performedBy?.type ?? null,
    destination: (event) => event.destination?.name ?? null,
    destination_type: (event) => event.destination?.type ?? null,
  },
  session_event_data: {
    name: ([name]) => name,
    value: ([, value]) => value,
  },
  system_information: {
    category: (part) => part.category,
    information: (part) => part.information,
  },
  representative: {
    gs_number: (person) => integerOf(person.gsNumber),
    user_id: (person) => integerOf(person.userId),
    user_name: (person) => person.userName,
    display_name: (person) => firstGiven(person.privateDisplayName, person.displayName),
    public_display_name: (person) => person.publicDisplayName,
    display_number: () => null,
    public_ip: (person) => person.publicIp,
    private_ip: (person) => person.privateIp,
    is_owner: (person) => flagOf(person.isOwner),
    is_primary: (person, { session }) =>
      isPrimaryOf(person.isPrimary, person.gsNumber, session.primaryRepresentative?.gsNumber),
    duration: (person) => person.secondsInvolved,
    host_name: (person) => person.hostName,
    operating_system: (person) => person.operatingSystem,
  },
  customer: {
    gs_number: (endpoint) => integerOf(endpoint.gsNumber),
    issue: (endpoint) => integerOf(endpoint.issue),
    issue_description: (endpoint) => endpoint.issueDescription,
    display_name: (endpoint) => firstGiven(endpoint.name, endpoint.userName),
    company_name: (endpoint) => endpoint.companyName,
    company_code: (endpoint) => endpoint.companyCode,
    public_ip: (endpoint) => endpoint.publicIp,
    private_ip: (endpoint) => endpoint.privateIp,
    rpat_support: () => null,
    host_name: (endpoint) => endpoint.hostName,
    operating_system: (endpoint) => endpoint.operatingSystem,
  },
  team: {
    team_id: (team) => integerOf(team.id),
    name: (team) => team.name,
    is_primary: (team, { session }) => isPrimaryOf(team.isPrimary, team.id, session.primaryTeam?.id),
  },
  custom_attribute: {
    display_name: (attribute) => attribute.displayName,
    code_name: (attribute) => attribute.codeName,
    value: (attribute) => attribute.value,
  },
};

/** A name of event data whose value opens a recording or a chat without a further login (design: capability URLs). */
export function isCapability(name: string): boolean {
  return /_url$/i.test(name.trim());
}
