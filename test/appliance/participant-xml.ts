import type { Customer, Representative, Team } from '../../shared/sessions/session.ts';
import { element, wrap } from './xml-element.ts';
import type { TextStyle } from './xml-text.ts';

const flag = (value: boolean | null) => (value === null ? null : value ? '1' : '0');

export function customerXml(customer: Customer, style: TextStyle): string {
  const field = (name: string, text: string | null) => element(3, name, text, style);
  const info = [
    element(4, 'name', customer.name, style),
    element(4, 'company', customer.companyName, style),
    element(4, 'company_code', customer.companyCode, style),
    element(4, 'issue', customer.issue, style),
    element(4, 'details', customer.issueDescription, style),
  ].join('');
  const inner = [
    field('username', customer.userName),
    field('public_ip', customer.publicIp),
    field('private_ip', customer.privateIp),
    field('hostname', customer.hostName),
    field('os', customer.operatingSystem),
    field('primary_cust', flag(customer.isPrimary)),
    info === '' ? '' : wrap(3, 'info', info),
  ].join('');
  return wrap(2, 'customer', inner, { gsnumber: customer.gsNumber });
}

export function representativeXml(user: Representative, style: TextStyle): string {
  const field = (name: string, text: string | null) => element(3, name, text, style);
  const inner = [
    field('username', user.userName),
    field('display_name', user.displayName),
    field('public_display_name', user.publicDisplayName),
    field('private_display_name', user.privateDisplayName),
    field('public_ip', user.publicIp),
    field('private_ip', user.privateIp),
    field('hostname', user.hostName),
    field('os', user.operatingSystem),
    field('session_owner', flag(user.isOwner)),
    field('primary_rep', flag(user.isPrimary)),
    field('seconds_involved', user.secondsInvolved === null ? null : String(user.secondsInvolved)),
    field('invited', flag(user.isInvited)),
  ].join('');
  return wrap(2, 'representative', inner, { gsnumber: user.gsNumber, id: user.userId });
}

export function teamXml(team: Team, style: TextStyle): string {
  const inner = element(3, 'name', team.name, style) + element(3, 'primary_team', flag(team.isPrimary));
  return wrap(2, 'team', inner, { id: team.id });
}
