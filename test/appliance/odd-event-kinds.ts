import { acting, data, type EventKind, endpoint, everyone, makeEvent, system } from './event-scene.ts';
import { systemCategories } from './system-information.ts';

/** Events of the kind that breaks readers. */
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
