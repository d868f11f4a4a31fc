import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { directoryFault } from '../shared/destinations/file/destination-directory.ts';
import { fileSettingsSchema } from '../shared/destinations/file/file-settings.ts';

const folder = { kind: 'folder', directory: '/data/archive' } as const;
const blob = { kind: 'blob', url: 'https://account.blob.core.windows.net', container: 'recordings' } as const;
const share = { kind: 'share', url: 'https://account.file.core.windows.net', share: 'recordings' } as const;
const faults = (settings: unknown) => {
  const result = fileSettingsSchema.safeParse(settings);
  return result.success
    ? []
    : result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

test('the least that is needed, and the defaults', () => {
  assert.deepEqual(fileSettingsSchema.parse(folder), {
    ...folder,
    conflictHandling: 'AppendNumber',
    extension: 'guide',
  });
  assert.deepEqual(fileSettingsSchema.parse(blob), {
    ...blob,
    prefix: '',
    conflictHandling: 'AppendNumber',
    extension: 'guide',
  });
  assert.deepEqual(fileSettingsSchema.parse(share), {
    ...share,
    prefix: '',
    conflictHandling: 'AppendNumber',
    extension: 'guide',
  });
});

test('each mistake is one clear line at its field', () => {
  for (const [settings, said] of [
    [{ ...folder, directory: '' }, /^directory: give a whole path/],
    [{ ...folder, directory: 'archive' }, /^directory: give a whole path/],
    [{ ...folder, directory: 'Z:\\archive' }, /^directory: drive letters are Windows only/],
    [{ ...folder, directory: '\\\\server\\share' }, /^directory: mount the share/],
    [
      { ...folder, fileNameFormat: '%LSID%-%lseq%' },
      /^fileNameFormat: File Name Format, character 8: .*%LSEQ%/,
    ],
    [{ ...folder, conflictHandling: 'overwrite' }, /^conflictHandling: /],
    [{ ...folder, retention: 3 }, /Unrecognized key/],
    [{ ...folder, retentionCount: -1 }, /^retentionCount: /],
    [{ ...folder, retentionCount: 1.5 }, /^retentionCount: /],
    [{ ...share, retentionCount: '3' }, /^retentionCount: /],
    [
      { ...blob, fileNameFormat: '.manifests/%LSID%.ndjson' },
      /^fileNameFormat: File Name Format, character 1: no name may begin with a full stop/,
    ],
    [
      { ...folder, fileNameFormat: 'a/.manifests/%LSID%' },
      /^fileNameFormat: File Name Format, character 3: no name/,
    ],
    [{ ...blob, url: 'http://account.blob.core.windows.net' }, /^url: give the address/],
    [{ ...blob, url: 'https://account.blob.core.windows.net/?sig=x' }, /^url: a signature/],
    [{ ...blob, connectionSecret: 'storage' }, /^url: give either/],
    [{ kind: 'blob', container: 'recordings' }, /^url: give either/],
    [{ ...blob, container: 'Recordings' }, /^container: /],
    [{ ...blob, container: 'a--b' }, /^container: /],
    [{ ...blob, prefix: 'a/../b' }, /^prefix: /],
    [{ ...blob, prefix: '/a' }, /^prefix: /],
    [{ ...blob, prefix: 'a/' }, /^prefix: /],
    [{ ...share, url: 'http://account.file.core.windows.net' }, /^url: give the address.*\.file\./],
    [{ ...share, connectionSecret: 'storage' }, /^url: give either/],
    [{ kind: 'share', share: 'recordings' }, /^url: give either/],
    [{ ...share, share: 'Recordings' }, /^share: /],
    [{ ...share, tier: 'Hot' }, /Unrecognized key/],
    [{ ...share, prefix: 'a/../b' }, /^prefix: /],
    [{ ...share, prefix: 'a./b' }, /^prefix: a folder name that Windows/],
    [{ ...share, prefix: 'a/con' }, /^prefix: a folder name that Windows/],
    [{ kind: 'tape' }, /^kind: /],
  ] as const) {
    const found = faults(settings);
    assert.equal(found.length, 1, JSON.stringify([settings, found]));
    assert.match(found[0] ?? '', said);
  }
  for (const prefix of ['a', 'a/b', 'site-1/x_2/y.z']) {
    for (const place of [blob, share]) assert.deepEqual(faults({ ...place, prefix }), []);
  }
});

test('directories on Windows: local drives and UNC paths, whole', () => {
  for (const directory of ['C:\\archive', 'D:/archive', '\\\\server\\share\\folder', '//server/share']) {
    assert.equal(directoryFault(directory, 'win32'), undefined, directory);
  }
  for (const directory of ['archive', '\\archive', 'C:archive', '\\\\server', '/data']) {
    assert.match(directoryFault(directory, 'win32') ?? '', /whole path/, directory);
  }
});

test('every field has a title, and the schema can be shown as JSON schema', () => {
  const schema = z.toJSONSchema(fileSettingsSchema, { io: 'input' }) as {
    anyOf?: { properties: Record<string, { title?: string }> }[];
    oneOf?: { properties: Record<string, { title?: string }> }[];
  };
  const kinds = schema.oneOf ?? schema.anyOf ?? [];
  assert.equal(kinds.length, 3);
  for (const { properties } of kinds) {
    for (const [name, property] of Object.entries(properties)) assert.ok(property.title, name);
  }
});
