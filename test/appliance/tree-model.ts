import type {
  Actor,
  Customer,
  Representative,
  Session,
  SessionEvent,
} from '../../shared/sessions/session.ts';
import type { Tree } from './xml-tree.ts';

/** The model from an element tree: slow and simple, to check the truth by other means than the generator's own. */
export function readModel(session: Tree): Session {
  const instances = (name: string) =>
    each(each(session, `${name}_recordings`)[0], `${name}_recording`).map(({ attributes }) =>
      Number(attributes.instance),
    );
  const group = one(session, 'jump_group');
  return {
    lsid: session.attributes.lsid ?? '',
    type: text(session, 'session_type'),
    lseq: text(session, 'lseq'),
    startTime: number(one(session, 'start_time')?.attributes.timestamp),
    endTime: number(one(session, 'end_time')?.attributes.timestamp || undefined),
    duration: text(session, 'duration'),
    jumpoint: idName(one(session, 'jumpoint')),
    publicSite: idName(one(session, 'public_site')),
    jumpGroup: group ? { type: group.attributes.type ?? null, ...named(group, 'id') } : null,
    externalKey: text(session, 'external_key'),
    customAttributes: each(one(session, 'custom_attributes'), 'custom_attribute').map((attribute) => ({
      displayName: attribute.attributes.display_name ?? null,
      codeName: attribute.attributes.code_name ?? null,
      value: attribute.text,
    })),
    fileTransferCount: number(text(session, 'file_transfer_count')),
    fileMoveCount: number(text(session, 'file_move_count')),
    fileDeleteCount: number(text(session, 'file_delete_count')),
    primaryCustomer: gsName(one(session, 'primary_customer')),
    primaryRepresentative: primaryRepresentative(one(session, 'primary_rep')),
    primaryTeam: idName(one(session, 'primary_team')),
    customers: each(one(session, 'customer_list'), 'customer').map(customer),
    representatives: each(one(session, 'rep_list'), 'representative').map(representative),
    teams: each(one(session, 'team_list'), 'team').map((team) => ({
      id: team.attributes.id ?? null,
      name: text(team, 'name'),
      isPrimary: flag(team, 'primary_team'),
    })),
    events: each(one(session, 'session_details'), 'event').map(event),
    recordings: {
      session: one(session, 'session_recording_download_url') !== undefined,
      commandShell: instances('command_shell'),
      showMyScreen: instances('show_my_screen'),
      ...(one(session, 'user_recording_download_url') ? { user: true as const } : {}),
    },
  };
}

function event(tree: Tree): SessionEvent {
  const pairs: (readonly [string, string])[] = [];
  for (const data of each(tree, 'data')) {
    for (const { attributes } of each(data, 'value'))
      pairs.push([attributes.name ?? '', attributes.value ?? '']);
  }
  for (const body of each(tree, 'body')) pairs.push(['body', body.text]);
  for (const body of each(tree, 'encoded_body'))
    pairs.push(['encoded_body', body.text.replaceAll(/\s/g, '')]);
  for (const name of ['filename', 'filesize']) {
    for (const child of each(tree, name)) pairs.push([name, child.text]);
  }
  for (const { attributes } of each(one(tree, 'files'), 'file')) {
    pairs.push(['file', attributes.name ?? ''], ['file_size', attributes.size ?? '']);
  }
  return {
    type: tree.attributes.event_type ?? null,
    time: number(tree.attributes.timestamp),
    performedBy: actor(one(tree, 'performed_by')),
    destination: actor(one(tree, 'destination')),
    data: pairs,
    systemInformation: each(one(tree, 'system_information'), 'category').map(({ attributes, inner }) => ({
      category: attributes.name ?? null,
      information: inner,
    })),
  };
}

function customer(tree: Tree): Customer {
  const info = one(tree, 'info');
  return {
    ...participant(tree),
    isPrimary: flag(tree, 'primary_cust'),
    name: text(info, 'name'),
    issue: text(info, 'issue'),
    issueDescription: text(info, 'details'),
    companyName: text(info, 'company'),
    companyCode: text(info, 'company_code'),
  };
}

function representative(tree: Tree): Representative {
  return {
    ...participant(tree),
    userId: tree.attributes.id ?? null,
    displayName: text(tree, 'display_name'),
    publicDisplayName: text(tree, 'public_display_name'),
    privateDisplayName: text(tree, 'private_display_name'),
    isOwner: flag(tree, 'session_owner'),
    isPrimary: flag(tree, 'primary_rep'),
    isInvited: flag(tree, 'invited'),
    secondsInvolved: number(text(tree, 'seconds_involved')),
  };
}

function participant(tree: Tree) {
  return {
    gsNumber: tree.attributes.gsnumber ?? null,
    userName: text(tree, 'username'),
    publicIp: text(tree, 'public_ip'),
    privateIp: text(tree, 'private_ip'),
    hostName: text(tree, 'hostname'),
    operatingSystem: text(tree, 'os'),
  };
}

function actor(tree: Tree | undefined): Actor | null {
  if (!tree) return null;
  return { type: tree.attributes.type ?? null, gsNumber: tree.attributes.gsnumber ?? null, name: tree.text };
}

function gsName(tree: Tree | undefined) {
  return tree ? { gsNumber: tree.attributes.gsnumber ?? null, name: tree.text } : null;
}

function primaryRepresentative(tree: Tree | undefined) {
  return tree
    ? { gsNumber: tree.attributes.gsnumber ?? null, id: tree.attributes.id ?? null, name: tree.text }
    : null;
}

function idName(tree: Tree | undefined) {
  return tree ? named(tree, 'id') : null;
}

function named(tree: Tree, attribute: string) {
  return { id: tree.attributes[attribute] ?? null, name: tree.text };
}

function each(tree: Tree | undefined, name: string): Tree[] {
  return tree?.children.filter((child) => child.name === name) ?? [];
}

function one(tree: Tree | undefined, name: string): Tree | undefined {
  return each(tree, name)[0];
}

function text(tree: Tree | undefined, name: string): string | null {
  return one(tree, name)?.text ?? null;
}

function number(value: string | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}

function flag(tree: Tree, name: string): boolean | null {
  const value = text(tree, name);
  return value === null ? null : value === '1';
}
