import {
  acting,
  data,
  type EventKind,
  type EventScene,
  endpoint,
  everyone,
  makeEvent,
  system,
} from './event-scene.ts';
import type { EventPart, Pair } from './session-facts.ts';
import { chatPart, fileNames } from './texts.ts';

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
