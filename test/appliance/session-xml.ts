import type { Actor, Customer, Representative } from '../../shared/sessions/session.ts';
import type { SessionUrls } from './capabilities.ts';
import type { EventFacts, EventPart, SessionFacts } from './session-facts.ts';
import { isoTime, type TextStyle, xmlAttribute, xmlText } from './xml-text.ts';

type Attributes = Readonly<Record<string, string | null>>;

const indent = '    ';

/**
 * The `<session …>…</session>` element, in the order of real replies.
 * @param urls with the access hash of this reading
 */
export function sessionXml(facts: SessionFacts, product: 'RS' | 'PRA', urls: SessionUrls): string {
  const { session, look } = facts;
  const style = look.textStyle;
  const field = (name: string, text: string | null, attributes?: Attributes) =>
    element(1, name, text, style, attributes);
  const named = (name: string, value: { readonly id: string | null; readonly name: string | null } | null) =>
    value ? field(name, value.name, { id: value.id }) : '';
  const start = session.startTime ?? 0;
  return [
    `<session lsid="${session.lsid}"${look.extraAttribute ? ' appliance="node-&quot;1&quot; &amp; co"' : ''}>\n`,
    field('session_type', session.type),
    field('lseq', session.lseq),
    field('start_time', isoTime(start), { timestamp: String(start) }),
    endTime(facts),
    field('duration', session.duration),
    named('jumpoint', session.jumpoint),
    named('public_site', session.publicSite),
    field('external_key', session.externalKey),
    customAttributes(facts),
    unknownElements(facts),
    look.chatUrls ? field('session_chat_view_url', urls.chat(true)) : '',
    look.chatUrls ? field('session_chat_download_url', urls.chat(false)) : '',
    session.recordings.session ? field('session_recording_view_url', urls.recording(true)) : '',
    session.recordings.session ? field('session_recording_download_url', urls.recording(false)) : '',
    instances('show_my_screen', session.recordings.showMyScreen, (instance, view) =>
      urls.instance('show_my_screen', instance, view),
    ),
    instances('command_shell', session.recordings.commandShell, (instance, view) =>
      urls.instance('shell', instance, view),
    ),
    field('file_transfer_count', String(session.fileTransferCount)),
    field('file_move_count', String(session.fileMoveCount)),
    field('file_delete_count', String(session.fileDeleteCount)),
    session.primaryCustomer
      ? field('primary_customer', session.primaryCustomer.name, {
          gsnumber: session.primaryCustomer.gsNumber,
        })
      : '',
    session.jumpGroup
      ? field('jump_group', session.jumpGroup.name, {
          type: session.jumpGroup.type,
          id: session.jumpGroup.id,
        })
      : '',
    session.primaryRepresentative
      ? field('primary_rep', session.primaryRepresentative.name, {
          gsnumber: session.primaryRepresentative.gsNumber,
          id: session.primaryRepresentative.id,
        })
      : '',
    named('primary_team', session.primaryTeam),
    wrap(1, 'customer_list', session.customers.map((customer) => customerXml(customer, style)).join('')),
    wrap(1, 'rep_list', session.representatives.map((user) => representativeXml(user, style)).join('')),
    product === 'RS' ? wrap(1, 'team_list', session.teams.map((team) => teamXml(team, style)).join('')) : '',
    surveys(facts),
    wrap(1, 'session_details', facts.events.map((event) => eventXml(event, style)).join('')),
    '</session>',
  ].join('');
}

function element(
  depth: number,
  name: string,
  text: string | null,
  style: TextStyle = 'entities',
  attributes: Attributes = {},
): string {
  if (text === null) return '';
  // Nobody writes a CDATA section around plain words or nothing.
  const fitting = style === 'cdata' && !/[<&]/.test(text) ? 'entities' : style;
  return `${indent.repeat(depth)}<${name}${attributeList(attributes)}>${xmlText(text, fitting)}</${name}>\n`;
}

function attributeList(attributes: Attributes): string {
  let list = '';
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) list += ` ${name}="${xmlAttribute(value)}"`;
  }
  return list;
}

function wrap(depth: number, name: string, inner: string, attributes: Attributes = {}): string {
  const open = `${indent.repeat(depth)}<${name}${attributeList(attributes)}>`;
  return inner === '' ? `${open}</${name}>\n` : `${open}\n${inner}${indent.repeat(depth)}</${name}>\n`;
}

function endTime({ session, look }: SessionFacts): string {
  if (session.endTime !== null) {
    return element(1, 'end_time', isoTime(session.endTime), 'entities', {
      timestamp: String(session.endTime),
    });
  }
  switch (look.endTime) {
    case 'self-closed':
      return `${indent}<end_time />\n`;
    case 'blank-timestamp':
      return `${indent}<end_time timestamp=""></end_time>\n`;
    case 'empty':
      return `${indent}<end_time></end_time>\n`;
  }
}

function customAttributes({ session, look }: SessionFacts): string {
  if (look.customAttributes === 'absent') return '';
  const list = session.customAttributes.map(({ displayName, codeName, value }) =>
    element(2, 'custom_attribute', value, look.textStyle, { display_name: displayName, code_name: codeName }),
  );
  return wrap(1, 'custom_attributes', list.join(''));
}

function unknownElements({ session, look }: SessionFacts): string {
  switch (look.unknown) {
    case 'none':
      return '';
    case 'simple':
      return `${indent}<recorded_by_policy>yes</recorded_by_policy><!-- not </session> yet -->\n`;
    case 'nested':
      return (
        `${indent}<vault_checkouts xmlns:v="urn:example:vault"><v:checkout><end_time timestamp="1">then</end_time>` +
        `<lseq>0</lseq><session lsid="00000000000000000000000000000000"><duration>99:99:99</duration></session>` +
        `</v:checkout><?hint for ${session.lsid}?></vault_checkouts>\n`
      );
  }
}

function instances(
  kind: 'show_my_screen' | 'command_shell',
  list: readonly number[],
  url: (instance: number, view: boolean) => string,
): string {
  if (list.length === 0) return '';
  const recordings = list.map((instance) =>
    wrap(
      2,
      `${kind}_recording`,
      element(3, 'download_url', url(instance, false)) + element(3, 'view_url', url(instance, true)),
      { instance: String(instance) },
    ),
  );
  return wrap(1, `${kind}_recordings`, recordings.join(''));
}

const flag = (value: boolean | null) => (value === null ? null : value ? '1' : '0');

function customerXml(customer: Customer, style: TextStyle): string {
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

function representativeXml(user: Representative, style: TextStyle): string {
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

function teamXml(team: SessionFacts['session']['teams'][number], style: TextStyle): string {
  const inner = element(3, 'name', team.name, style) + element(3, 'primary_team', flag(team.isPrimary));
  return wrap(2, 'team', inner, { id: team.id });
}

/** Pointers only; the answers are in reports of their own. */
function surveys({ session, look }: SessionFacts): string {
  if (!look.surveys) return '';
  const { primaryCustomer: customer, primaryRepresentative: user } = session;
  return [
    customer
      ? wrap(
          1,
          'cust_survey_list',
          element(2, 'cust_exit_survey', customer.name, 'entities', { gsnumber: customer.gsNumber }),
        )
      : '',
    user
      ? wrap(
          1,
          'rep_survey_list',
          element(2, 'rep_exit_survey', user.name, 'entities', { gsnumber: user.gsNumber }),
        )
      : '',
  ].join('');
}

function eventXml(event: EventFacts, style: TextStyle): string {
  const open = `${indent.repeat(2)}<event timestamp="${event.time}" event_type="${xmlAttribute(event.type)}"`;
  const actor = (name: string, who: Actor | null) =>
    who ? element(3, name, who.name, style, { type: who.type, gsnumber: who.gsNumber }) : '';
  const inner =
    actor('performed_by', event.performedBy) +
    actor('destination', event.destination) +
    event.parts.map(partXml).join('');
  // As seen: a space before the end of the tag, and nothing inside.
  if (inner.trim() === '' && inner !== '') return `${open} >${inner}${indent.repeat(2)}</event>\n`;
  return inner === '' ? `${open} />\n` : `${open}>\n${inner}${indent.repeat(2)}</event>\n`;
}

function partXml(part: EventPart): string {
  const pad = indent.repeat(3);
  switch (part.kind) {
    case 'data': {
      const values = part.values.map(
        ([name, value]) => `<value name="${xmlAttribute(name)}" value="${xmlAttribute(value)}" />`,
      );
      if (values.length <= 1) return `${pad}<data>${values.join('')}</data>\n`;
      return `${pad}<data>\n${values.map((value) => `${pad}${indent}${value}\n`).join('')}${pad}</data>\n`;
    }
    case 'body':
      return `${pad}<body>${xmlText(part.text, part.style)}</body>\n`;
    case 'encoded-body': {
      // RFC 2045: lines of at most 76 characters, ended by CRLF.
      const base64 = Buffer.from(part.bytes)
        .toString('base64')
        .replaceAll(/.{76}(?=.)/g, '$&\r\n');
      return `${pad}<encoded_body>${base64}</encoded_body>\n`;
    }
    case 'filename':
    case 'filesize':
      return element(3, part.kind, part.text);
    case 'files': {
      const files = part.files.map(
        ([name, size]) => `<file name="${xmlAttribute(name)}" size="${xmlAttribute(size)}" />`,
      );
      return `${pad}<files>${files.join('')}</files>\n`;
    }
    case 'system-information': {
      const categories = part.categories.map(
        ({ name, inner }) => `${pad}${indent}<category name="${xmlAttribute(name)}">${inner}</category>\n`,
      );
      return `${pad}<system_information>\n${categories.join('')}${pad}</system_information>\n`;
    }
    case 'unknown':
      return `${pad}${part.xml}\n`;
    case 'blank':
      return '\n\n';
  }
}
