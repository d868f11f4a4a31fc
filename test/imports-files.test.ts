import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import { Failure } from '../shared/errors.ts';
import { type ImportPlace, ImportReader } from '../shared/imports/import-reader.ts';
import { type ImportRecord, partName, partsOf } from '../shared/imports/import-record.ts';
import { readImported } from '../shared/imports/imported-session.ts';
import { SessionSplitter } from '../shared/imports/session-splitter.ts';
import { memoryStaging } from './support/memory-staging.ts';

const PART = 100;

/** As it is staged, in parts. */
async function staged(bytes: Uint8Array, more: Partial<ImportRecord> = {}, partBytes = PART) {
  const staging = memoryStaging();
  const at = new Date(0).toISOString();
  const record: ImportRecord = {
    id: '0123456789abcdef',
    name: 'f.xml',
    size: bytes.length,
    partBytes,
    createdAt: at,
    createdBy: 'test',
    touchedAt: at,
    ...more,
  };
  for (let part = 1; part <= partsOf(record); part++) {
    const slice = bytes.subarray((part - 1) * partBytes, part * partBytes);
    await staging.write(
      partName(record.id, part),
      (async function* () {
        yield slice;
      })(),
    );
  }
  return { staging, record };
}

/** What becomes of a file: lsids of what is loaded, and faults as `at reason`. */
async function outcome(
  content: string | Uint8Array,
  more: Partial<ImportRecord> = {},
  partBytes = PART,
): Promise<{ loaded: string[]; faults: string[]; others: number }> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const { staging, record } = await staged(bytes, more, partBytes);
  const reader = await ImportReader.open({ staging }, record);
  const loaded: string[] = [];
  const faults: string[] = [];
  for await (const { name, item } of reader.items()) {
    const read = item.kind === 'session' ? readImported(item.root, item.bytes) : { reason: item.reason };
    if (read.reason === undefined) loaded.push(read.reading.session.lsid);
    else
      faults.push(`${name === record.name ? '' : `${name} `}${item.at} ${item.lsid ?? '-'} ${read.reason}`);
  }
  reader.close();
  return { loaded, faults, others: reader.others };
}

const head = '<?xml version="1.0" encoding="UTF-8"?>\n<session_list xmlns="urn:x">';
const session = (lsid: string, inner = '<lseq>1</lseq>') => `<session lsid="${lsid}">${inner}</session>`;
const list = (...sessions: readonly string[]) => `${head}${sessions.join('\n')}</session_list>\n`;

const whole: Record<string, readonly [content: string, loaded: readonly string[]]> = {
  'a report': [list(session('a1'), session('a2')), ['a1', 'a2']],
  'with a byte order mark': [`\ufeff${list(session('a1'))}`, ['a1']],
  'with another namespace and a prefix': [
    `<s:session_list xmlns:s="urn:old"><s:session lsid="a1"><s:lseq>1</s:lseq></s:session></s:session_list>`,
    ['a1'],
  ],
  'one session alone': [`<?xml version="1.0"?>${session('a1')}`, ['a1']],
  'several reports one after the other': [list(session('a1')) + list(session('a2')), ['a1', 'a2']],
  'a report without sessions': ['<session_list/>', []],
  'a report that says that nothing was found': [
    '<session_list><error>No session_list matching your chosen criteria is available.</error></session_list>',
    [],
  ],
  'with what looks like markup in a CDATA section and a comment': [
    list(session('a1', '<x><![CDATA[</session><session lsid="no">]]></x><!-- </session> -->'), session('a2')),
    ['a1', 'a2'],
  ],
};
for (const [what, [content, loaded]] of Object.entries(whole))
  test(`read whole: ${what}`, async () => {
    assert.deepEqual(await outcome(content), { loaded, faults: [], others: 0 });
  });

const broken: Record<string, readonly [content: string | Buffer, loaded: readonly string[], fault: RegExp]> =
  {
    'a session without its end tag': [
      list('<session lsid="a1"><lseq>1</lseq>', session('a2')),
      ['a2'],
      /^\d+ a1 it has no end tag$/,
    ],
    'a comment without an end hides the sessions behind it': [
      list('<session lsid="a1"><!-- </session>', session('a2'), session('a3')),
      ['a2', 'a3'],
      /^\d+ a1 something in it has no end$/,
    ],
    'an attribute without an end': [
      list('<session lsid="a1"><x y="></session>', session('a2')),
      ['a2'],
      /^\d+ a1 a tag in it is malformed$/,
    ],
    'a session that is not well-formed': [
      list(session('a1', '<x></y>'), session('a2')),
      ['a2'],
      /^\d+ a1 The report is not well-formed XML/,
    ],
    'a session without lsid': [
      list('<session><lseq>1</lseq></session>', session('a2')),
      ['a2'],
      /^\d+ - .*has no lsid/,
    ],
    'a session that is not UTF-8': [
      Buffer.from(list(session('a1', '<x>\u00fc</x>'), session('a2')), 'latin1'),
      ['a2'],
      /^\d+ a1 it is not valid UTF-8$/,
    ],
    'an entity that a DOCTYPE would declare': [
      list(session('a1', '<x>&secret;</x>'), session('a2')),
      ['a2'],
      /^\d+ a1 .*not well-formed/,
    ],
    'a file that ends within a session': [
      list(session('a1'), session('a2')).slice(0, -40),
      ['a1'],
      /^\d+ a2 the file ends early, at byte \d+, within the session a2, after 1 whole session$/,
    ],
    'a file that ends between sessions': [
      `${head}${session('a1')}`,
      ['a1'],
      /ends early, at byte \d+, after 1 whole session: its end tag is missing$/,
    ],
    'an error of the appliance among sessions': [
      list(session('a1'), '<error>Internal error 17</error>'),
      ['a1'],
      /an error of the appliance stands in it: Internal error 17$/,
    ],
    'something behind the end': [`${list(session('a1'))}junk`, ['a1'], /something stands behind the end/],
    'another root': ['<report><session lsid="a1"/></report>', [], /its root element is report/],
    'a web page': ['<!DOCTYPE html><html></html>', [], /^\d+ - it is a web page$/],
    'an error document': [
      '<error xmlns="urn:x">Login failed</error>',
      [],
      /error of the appliance: Login failed$/,
    ],
    'a DOCTYPE': [
      '<!DOCTYPE x [<!ENTITY a "b">]><session_list/>',
      [],
      /has a DOCTYPE, which is not accepted$/,
    ],
    'another encoding': [
      '<?xml version="1.0" encoding="ISO-8859-1"?><session_list/>',
      [],
      /only UTF-8 is read$/,
    ],
    'UTF-16': [
      Buffer.from(`\ufeff${list(session('a1'))}`, 'utf16le'),
      [],
      /UTF-16 or UTF-32; save it in UTF-8$/,
    ],
    'no XML': ['hello', [], /it is no XML$/],
  };
for (const [what, [content, loaded, fault]] of Object.entries(broken))
  test(`set aside, and the others loaded: ${what}`, async () => {
    const found = await outcome(content as string | Uint8Array);
    assert.deepEqual(found.loaded, loaded);
    assert.equal(found.faults.length, 1, found.faults.join('\n'));
    assert.match(found.faults[0] ?? '', fault);
  });

test('where chunks end makes no difference', () => {
  const doc = Buffer.from(
    list(
      session('a1', '<x>\u00e9\u20ac</x>'),
      '<session lsid="a2"><x y="',
      session('a3', '<!-- <session lsid="n"> -->'),
    ),
  );
  const split = (size: number) => {
    const splitter = new SessionSplitter();
    const found: string[] = [];
    const take = (isEnd: boolean) => {
      for (let item = splitter.next(isEnd); item !== undefined; item = splitter.next(isEnd))
        found.push(item.kind === 'session' ? `${item.at} ${item.bytes}` : `${item.at} ${item.reason}`);
    };
    for (let at = 0; at < doc.length; at += size) {
      splitter.push(doc.subarray(at, at + size));
      take(false);
    }
    take(true);
    return found;
  };
  const expected = split(doc.length);
  assert.equal(expected.length, 3);
  for (let size = 1; size < 40; size++) assert.deepEqual(split(size), expected, `chunks of ${size}`);
});

test('reading goes on behind any session as if it had not been left, in XML and in a ZIP', async () => {
  const sessions = Array.from({ length: 6 }, (_, index) => session(`a${index}`));
  const second = list(...sessions.slice(3));
  const files = {
    'f.xml': Buffer.from(list(...sessions)),
    'f.zip': zipSync({ 'a.xml': strToU8(list(...sessions.slice(0, 3))), 'b.xml': strToU8(second) }),
  };
  for (const [name, bytes] of Object.entries(files)) {
    const { staging, record } = await staged(bytes, { name });
    const from = async (place?: ImportPlace) => {
      const reader = await ImportReader.open({ staging }, record);
      const found: [string | undefined, ImportPlace][] = [];
      for await (const { item, place: at } of reader.items(place)) found.push([item.lsid, at]);
      reader.close();
      return found;
    };
    const all = await from();
    assert.equal(all.length, 6);
    for (const [index, [, place]] of all.entries())
      assert.deepEqual(
        await from(JSON.parse(JSON.stringify(place))),
        all.slice(index + 1),
        `${name} ${index}`,
      );
  }
});

const failsWith = (code: string) => (error: unknown) => {
  assert.ok(error instanceof Failure, String(error));
  assert.equal(error.code, code, error.message);
  assert.doesNotMatch(error.message, /\n/);
  return true;
};

test('a ZIP that is none, is cut, or was said to be something else is refused in one line', async () => {
  const zip = zipSync({ 'a.xml': strToU8(list(session('a1'))) });
  await assert.rejects(outcome(zip.subarray(0, zip.length - 30)), failsWith('bad-zip'));
  await assert.rejects(outcome('<session_list/>', { kind: 'zip' }), failsWith('not-a-zip'));
  await assert.rejects(outcome(zip, { kind: 'xml' }), failsWith('not-a-zip'));
  const { staging, record } = await staged(Buffer.from(list(session('a1'))));
  await staging.remove(partName(record.id, 2));
  await assert.rejects(async () => {
    const reader = await ImportReader.open({ staging }, record);
    for await (const _ of reader.items());
  }, failsWith('import-incomplete'));
});

/** One stored file, with every size and place in the fields that ZIP64 has for them (APPNOTE 4.3.14 to 4.5.3). */
function zip64(name: string, content: Buffer): Buffer {
  const title = Buffer.from(name);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(content.length));
  const words = (...pairs: readonly (readonly [bytes: 2 | 4, value: number])[]) =>
    Buffer.concat(
      pairs.map(([bytes, value]) => {
        const word = Buffer.alloc(bytes);
        word.writeUIntLE(value, 0, bytes);
        return word;
      }),
    );
  const many = 0xffffffff;
  const extra = Buffer.concat([words([2, 1], [2, 24]), size, size, Buffer.alloc(8)]);
  const local = Buffer.concat([
    words([4, 0x04034b50], [2, 45], [2, 0], [2, 0], [4, 0], [4, crc32(content)], [4, many], [4, many]),
    words([2, title.length], [2, 20]),
    title,
    words([2, 1], [2, 16]),
    size,
    size,
    content,
  ]);
  const directory = Buffer.concat([
    words([4, 0x02014b50], [2, 45], [2, 45], [2, 0], [2, 0], [4, 0], [4, crc32(content)], [4, many]),
    words([4, many], [2, title.length], [2, extra.length], [2, 0], [2, 0], [2, 0], [4, 0], [4, many]),
    title,
    extra,
  ]);
  const end = words(
    ...([
      [4, 0x06064b50],
      [4, 44],
      [4, 0],
      [2, 45],
      [2, 45],
      [4, 0],
      [4, 0],
      [4, 1],
      [4, 0],
      [4, 1],
      [4, 0],
    ] as const),
    ...([
      [4, directory.length],
      [4, 0],
      [4, local.length],
      [4, 0],
    ] as const),
    ...([
      [4, 0x07064b50],
      [4, 0],
      [4, local.length + directory.length],
      [4, 0],
      [4, 1],
    ] as const),
    ...([
      [4, 0x06054b50],
      [2, 0],
      [2, 0],
      [2, 0xffff],
      [2, 0xffff],
      [4, many],
      [4, many],
      [2, 0],
    ] as const),
  );
  return Buffer.concat([local, directory, end]);
}

test('a ZIP in the form for large files is read', async () => {
  const found = await outcome(zip64('a.xml', Buffer.from(list(session('a1')))));
  assert.deepEqual(found, { loaded: ['a1'], faults: [], others: 0 });
});

test('a damaged or locked file of a ZIP costs itself, and the others are loaded', async () => {
  const files = {
    'a.xml': strToU8(list(session('a1'))),
    'b.xml': strToU8(list(session('b1'))),
    'c.txt': strToU8('x'),
  };
  const zip = Buffer.from(zipSync(files, { level: 0 }));
  assert.deepEqual(await outcome(zip), { loaded: ['a1', 'b1'], faults: [], others: 1 });
  const changed = Buffer.from(zip);
  changed.write('9', changed.indexOf('lsid="a1"') + 7);
  const damaged = await outcome(changed);
  assert.ok(damaged.loaded.includes('b1'));
  assert.match(damaged.faults.join(), /a\.xml .*damaged: its checksum is another/);
  const locked = Buffer.from(zipSync(files));
  const entry = locked.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  locked.writeUInt16LE(locked.readUInt16LE(entry + 8) | 1, entry + 8);
  const { loaded, faults } = await outcome(locked);
  assert.deepEqual(loaded, ['b1']);
  assert.match(faults.join(), /a\.xml is encrypted; pack it without a password/);
});

test('what unpacks to far more than it is, or says that it does, is refused before it is unpacked', async () => {
  const zip = Buffer.from(zipSync({ 'a.xml': strToU8(list(session('a1'))) }));
  const entry = zip.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  zip.writeUInt32LE(100_000_000, entry + 24);
  await assert.rejects(outcome(zip), failsWith('zip-bomb'));
  // It says that it is small and unpacks to more.
  zip.writeUInt32LE(20, entry + 24);
  const lying = await outcome(zip);
  assert.deepEqual(lying.loaded, []);
  assert.match(lying.faults.join(), /The ZIP file cannot be read: a\.xml/);
  // The same bytes as several files.
  const two = Buffer.from(
    zipSync({ 'a.xml': strToU8(list(session('a1'))), 'b.xml': strToU8(list(session('b1'))) }, { level: 0 }),
  );
  const first = two.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  two.writeUInt32LE(two.length, first + 20);
  two.writeUInt32LE(two.length, first + 24);
  await assert.rejects(outcome(two), failsWith('zip-bomb'));
});
