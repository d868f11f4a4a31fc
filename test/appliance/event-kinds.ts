import type { Actor, Customer, Representative } from '../../shared/sessions/session.ts';
import type { Random } from './random.ts';
import type { EventFacts, EventPart, Pair } from './session-facts.ts';
import { systemCategories } from './system-information.ts';
import { chatPart, fileNames } from './texts.ts';

/** What an event may draw on. */
export interface EventScene {
  readonly random: Random;
  readonly odd: boolean;
  readonly product: 'RS' | 'PRA';
  readonly customer: Customer;
  /** The user who acts; none in a session that nobody took up. */
  readonly representative: Representative | undefined;
}

export type EventBody = Omit<EventFacts, 'time'>;
type EventKind = (scene: EventScene) => EventBody;

export const everyone: Actor = { type: 'everyone', gsNumber: '0', name: 'Everyone' };

export function systemActor(product: 'RS' | 'PRA'): Actor {
  return {
    type: 'system',
    gsNumber: '0',
    name: product === 'RS' ? 'Remote Support' : 'Privileged Remote Access',
  };
}

export function customerActor(customer: Customer): Actor {
  return { type: 'customer', gsNumber: customer.gsNumber, name: customer.name ?? customer.userName };
}

export function representativeActor(representative: Representative): Actor {
  return { type: 'representative', gsNumber: representative.gsNumber, name: representative.displayName };
}

export function makeEvent(
  type: string,
  performedBy: Actor | null,
  destination: Actor | null,
  ...parts: readonly EventPart[]
): EventBody {
  return { type, performedBy, destination, parts };
}

export const data = (...values: readonly Pair[]): EventPart => ({ kind: 'data', values });

const acting = (scene: EventScene) =>
  scene.representative ? representativeActor(scene.representative) : systemActor(scene.product);
const endpoint = (scene: EventScene) => customerActor(scene.customer);
const system = (scene: EventScene) => systemActor(scene.product);

/** RS names a file in elements of its own, PRA in data values. */
function fileParts(scene: EventScene): readonly EventPart[] {
  const name = scene.random.pick(scene.odd ? fileNames.odd : fileNames.plain);
  const size = String(scene.random.int(5_000_000));
  if (scene.product === 'PRA') return [data(['filename', name], ['filesize', size])];
  return [
    { kind: 'filename', text: name },
    { kind: 'filesize', text: size },
  ];
}

const registryKey: readonly Pair[] = [
  ['root_path', 'HKEY_LOCAL_MACHINE'],
  ['key_path', 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Example'],
  ['key_name', 'Example'],
];

const chat: EventKind = (scene) => {
  const body = chatPart(scene.random, scene.odd);
  return scene.random.chance(0.5)
    ? makeEvent('Chat Message', acting(scene), everyone, body)
    : makeEvent('Chat Message', endpoint(scene), acting(scene), body);
};

export const plainKinds: readonly EventKind[] = [
  chat,
  chat,
  chat,
  (scene) => makeEvent('File Upload', acting(scene), endpoint(scene), ...fileParts(scene)),
  (scene) => makeEvent('File Download', endpoint(scene), acting(scene), ...fileParts(scene)),
  (scene) => makeEvent('File Deleted', acting(scene), endpoint(scene), ...fileParts(scene)),
  (scene) =>
    makeEvent(
      'File Moved',
      acting(scene),
      endpoint(scene),
      data(['old_path', 'D:\\a.txt'], ['new_path', `D:\\b-${scene.random.int(99)}.txt`]),
    ),
  (scene) => makeEvent('Directory Created', acting(scene), endpoint(scene), data(['path', 'D:\\backup'])),
  (scene) =>
    makeEvent(
      'Session Foreground Window Changed',
      system(scene),
      null,
      data(['exeName', 'C:\\Windows\\regedit.exe'], ['windowName', 'Registry Editor']),
    ),
  (scene) =>
    makeEvent(
      'Service Access Allowed',
      endpoint(scene),
      null,
      data(
        ['service', 'Screen Sharing'],
        ['level', 'View and Control'],
        ['granted_to', acting(scene).name ?? ''],
      ),
    ),
  (scene) =>
    makeEvent(
      'Registry Value Modified',
      acting(scene),
      endpoint(scene),
      data(
        ...registryKey,
        ['value_name', 'Mode'],
        ['value_type', 'REG_SZ'],
        ['value_data_old', '1'],
        ['value_data_new', String(scene.random.int(10))],
      ),
    ),
  (scene) => makeEvent('Registry Key Added', acting(scene), endpoint(scene), data(...registryKey)),
  (scene) => makeEvent('Session Note Added', acting(scene), null, chatPart(scene.random, scene.odd)),
  (scene) => makeEvent('Screenshot Captured', acting(scene), null),
  (scene) =>
    makeEvent(
      'Credential Injection Attempt',
      acting(scene),
      null,
      data(['attempt_id', '1'], ['credential_id', '88'], ['credential_name', 'EXAMPLE\\svc-dba']),
    ),
];

export const oddKinds: readonly EventKind[] = [
  (scene) =>
    makeEvent(
      'Remote Shell Event',
      system(scene),
      null,
      data(['text', 'dir "D:\\backup" & echo <done>\tok\r\nnext \u{1F680}']),
    ),
  // Data of one event in several `data`, one value each, and one empty `data`.
  (scene) =>
    makeEvent(
      'Session Mouse Left Clicked',
      system(scene),
      null,
      data(['exeName', 'notepad.exe']),
      data(['windowName', 'Untitled – “Notes” & more']),
      data(['targetName', ''], ['targetType', 'button']),
      data(),
    ),
  // The same name twice.
  (scene) =>
    makeEvent(
      'Special Action Executed',
      acting(scene),
      null,
      data(['action_name', 'A'], ['action_name', 'B']),
    ),
  (scene) =>
    makeEvent('Files Shared', endpoint(scene), everyone, {
      kind: 'files',
      files: [
        ['notes "final" & <draft>.txt', '0'],
        ['ø/åben \u{1F4C4}.pdf', String(scene.random.int(9_000_000_000))],
      ],
    }),
  (scene) =>
    makeEvent(
      'File Transfer Complete',
      endpoint(scene),
      acting(scene),
      data(['sha256', scene.random.hex(64)]),
    ),
  // Elements of a file before the data, and the same things in both.
  (scene) =>
    makeEvent(
      'File Upload Failed',
      acting(scene),
      endpoint(scene),
      { kind: 'filesize', text: '12' },
      { kind: 'filename', text: "it's.log" },
      data(['filename', 'in data'], ['failure_reason', 'disk full']),
    ),
  // Types and children that are in no guide.
  (scene) =>
    makeEvent(
      'Wormhole Negotiated',
      system(scene),
      { type: 'wormhole', gsNumber: '', name: '' },
      {
        kind: 'unknown',
        xml: '<annotation author="x"><body>not the body</body><data><value name="no" value="no"/></data></annotation>',
      },
    ),
  (scene) => makeEvent('', acting(scene), null, { kind: 'blank' }),
  () => makeEvent('Pinned Session Moved to Queue', null, null, { kind: 'blank' }),
  (scene) =>
    makeEvent(
      'Jump Item Authorization Request Utilized',
      acting(scene),
      null,
      data(
        ['request_id', '17'],
        ['request_start_time', '2025-05-06 09:27:40 CEST'],
        ['request_duration', '4 hour(s)'],
        ['request_reason', 'Patch "Tuesday"\nsecond line'],
        ['approver_comments', ''],
      ),
    ),
  (scene) =>
    makeEvent('System Information Retrieved', acting(scene), null, systemCategories(scene.random, true)),
  (scene) =>
    makeEvent('Chat Message', acting(scene), everyone, {
      kind: 'encoded-body',
      bytes: Buffer.from(`\0binary\x01\x02\x03${scene.random.hex(2 * scene.random.int(60))}`, 'latin1'),
    }),
];
