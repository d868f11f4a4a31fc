import type { SessionUrls } from './capabilities.ts';
import { eventXml } from './event-xml.ts';
import { customerXml, representativeXml, teamXml } from './participant-xml.ts';
import type { SessionFacts } from './session-facts.ts';
import { type Attributes, element, indent, wrap } from './xml-element.ts';
import { isoTime } from './xml-text.ts';

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
    // How a session tells of it is in no source: the name is made after the others.
    session.recordings.user ? field('user_recording_view_url', urls.user(true)) : '',
    session.recordings.user ? field('user_recording_download_url', urls.user(false)) : '',
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
