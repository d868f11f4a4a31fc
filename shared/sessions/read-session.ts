import { readEvent } from './read-event.ts';
import { readCustomer, readRepresentative, readTeam } from './read-participants.ts';
import { newRecordings, readRecordingEvent, readRecordings } from './read-recordings.ts';
import { timeOf, wholeNumber } from './read-values.ts';
import type { CustomAttribute, Customer, Representative, Session, SessionEvent, Team } from './session.ts';
import { attributeOf, type XmlElement } from './xml-element.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** A `session` element to the model, by name and whatever the order; unknown elements are passed over. */
export function readSession(element: XmlElement, lsid: string, xml: string): Session {
  const customAttributes: CustomAttribute[] = [];
  const customers: Customer[] = [];
  const representatives: Representative[] = [];
  const teams: Team[] = [];
  const events: SessionEvent[] = [];
  const recordings = newRecordings();
  const session: Writable<Session> = {
    lsid,
    type: null,
    lseq: null,
    startTime: null,
    endTime: null,
    duration: null,
    jumpoint: null,
    publicSite: null,
    jumpGroup: null,
    externalKey: null,
    customAttributes,
    fileTransferCount: null,
    fileMoveCount: null,
    fileDeleteCount: null,
    primaryCustomer: null,
    primaryRepresentative: null,
    primaryTeam: null,
    customers,
    representatives,
    teams,
    events,
    recordings,
  };
  for (const child of element.children) {
    switch (child.name) {
      case 'session_type':
        session.type = child.text;
        break;
      case 'lseq':
        session.lseq = child.text;
        break;
      case 'start_time':
        session.startTime = timeOf(child);
        break;
      case 'end_time':
        session.endTime = timeOf(child);
        break;
      case 'duration':
        session.duration = child.text;
        break;
      case 'jumpoint':
        session.jumpoint = idName(child);
        break;
      case 'public_site':
        session.publicSite = idName(child);
        break;
      case 'jump_group':
        session.jumpGroup = { ...idName(child), type: attributeOf(child, 'type') };
        break;
      case 'external_key':
        session.externalKey = child.text;
        break;
      case 'custom_attributes':
        for (const part of child.children)
          if (part.name === 'custom_attribute') customAttributes.push(customAttribute(part));
        break;
      case 'file_transfer_count':
        session.fileTransferCount = wholeNumber(child.text);
        break;
      case 'file_move_count':
        session.fileMoveCount = wholeNumber(child.text);
        break;
      case 'file_delete_count':
        session.fileDeleteCount = wholeNumber(child.text);
        break;
      case 'primary_customer':
      case 'primary_cust':
        session.primaryCustomer = gsName(child);
        break;
      case 'primary_rep':
        session.primaryRepresentative = { ...gsName(child), id: attributeOf(child, 'id') };
        break;
      case 'primary_team':
        session.primaryTeam = idName(child);
        break;
      case 'customer_list':
        for (const part of child.children) if (part.name === 'customer') customers.push(readCustomer(part));
        break;
      case 'rep_list':
        for (const part of child.children)
          if (part.name === 'representative') representatives.push(readRepresentative(part));
        break;
      case 'team_list':
        for (const part of child.children) if (part.name === 'team') teams.push(readTeam(part));
        break;
      case 'session_details':
        for (const part of child.children) if (part.name === 'event') events.push(readEvent(part, xml));
        break;
      default:
        readRecordings(child, recordings);
    }
  }
  for (const event of events) readRecordingEvent(event, recordings);
  return session;
}

function idName(element: XmlElement) {
  return { id: attributeOf(element, 'id'), name: element.text };
}

function gsName(element: XmlElement) {
  return { gsNumber: attributeOf(element, 'gsnumber'), name: element.text };
}

function customAttribute(element: XmlElement): CustomAttribute {
  return {
    displayName: attributeOf(element, 'display_name'),
    codeName: attributeOf(element, 'code_name'),
    value: element.text,
  };
}
