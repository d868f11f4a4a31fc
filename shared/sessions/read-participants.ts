import { flag, wholeNumber } from './read-values.ts';
import type { Customer, Representative, Team } from './session.ts';
import { attributeOf, childOf, childText, type XmlElement } from './xml-element.ts';

/** `customer_list/customer`; addresses stay as sent, ports included. */
export function readCustomer(element: XmlElement): Customer {
  const info = childOf(element, 'info');
  return {
    gsNumber: attributeOf(element, 'gsnumber'),
    userName: childText(element, 'username'),
    publicIp: childText(element, 'public_ip'),
    privateIp: childText(element, 'private_ip'),
    hostName: childText(element, 'hostname'),
    operatingSystem: childText(element, 'os'),
    isPrimary: flag(childText(element, 'primary_cust')),
    name: info === undefined ? null : childText(info, 'name'),
    issue: info === undefined ? null : childText(info, 'issue'),
    issueDescription: info === undefined ? null : childText(info, 'details'),
    companyName: info === undefined ? null : childText(info, 'company'),
    companyCode: info === undefined ? null : childText(info, 'company_code'),
  };
}

/** `rep_list/representative`; somebody who reconnects is there again under another number. */
export function readRepresentative(element: XmlElement): Representative {
  return {
    gsNumber: attributeOf(element, 'gsnumber'),
    userId: attributeOf(element, 'id'),
    userName: childText(element, 'username'),
    displayName: childText(element, 'display_name'),
    publicDisplayName: childText(element, 'public_display_name'),
    privateDisplayName: childText(element, 'private_display_name'),
    publicIp: childText(element, 'public_ip'),
    privateIp: childText(element, 'private_ip'),
    hostName: childText(element, 'hostname'),
    operatingSystem: childText(element, 'os'),
    isOwner: flag(childText(element, 'session_owner')),
    isPrimary: flag(childText(element, 'primary_rep')),
    isInvited: flag(childText(element, 'invited')),
    secondsInvolved: wholeNumber(childText(element, 'seconds_involved')),
  };
}

/** `team_list/team`: no public schema names its parts, so id and name are looked for in each likely place. */
export function readTeam(element: XmlElement): Team {
  const ownText = element.children.length === 0 ? element.text : null;
  return {
    id: attributeOf(element, 'id') ?? childText(element, 'team_id') ?? childText(element, 'id'),
    name: childText(element, 'name') ?? attributeOf(element, 'name') ?? ownText,
    isPrimary: flag(childText(element, 'primary_team') ?? childText(element, 'is_primary')),
  };
}
