import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { renderSessionDocument } from '../shared/appliance/session-report.ts';
import { reportChunks } from './bench/report-fixture.ts';
import { fails, readAll } from './report-reader-support.ts';

/** Small, with everything that makes offsets hard. */
const FIRST = `<session\r\n lsid="a1" note='l&#10;n	e "q" >'>\r\n<body>\r\u{1F600} &amp;&#x1F600;é€</body\n><x_url>https://a</x_url><!-- < </session> --><![CDATA[ <session> ]] > ]]></session>`;
const SECOND = `<session lsid="a2"><session_details><event><system_information><category name="é">\r\n<f>\u{20000}</f></category></system_information></event></session_details></session >`;
const SMALL = `<?xml version="1.0" encoding="utf-8"?>\r\n<!-- é < --><session_list\r\n xmlns="u">\r\n${FIRST}\r\n<?pi <session>?>${SECOND}<session lsid="\u{1F600}"/>\r\n</session_list>\r\n<!-- end -->`;

test('a session comes back byte for byte, the root tag too', async () => {
  const { readings, root } = await readAll(SMALL);
  assert.deepEqual(
    readings.map(({ xml }) => xml),
    [FIRST, SECOND, '<session lsid="\u{1F600}"/>'],
  );
  assert.deepEqual(root, { name: 'session_list', startTag: '<session_list\r\n xmlns="u">' });
  assert.equal(readings[1]?.session.events[0]?.systemInformation[0]?.information, '\r\n<f>\u{20000}</f>');
});

test('every chunk boundary gives the same result', async () => {
  const bytes = Buffer.from(SMALL);
  const whole = await readAll(bytes, { size: bytes.length });
  for (let size = 1; size < bytes.length; size++) {
    assert.deepEqual(await readAll(bytes, { size }), whole, `pieces of ${size}`);
  }
});

test('a byte order mark is passed over, at every chunk size', async () => {
  const marked = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(SMALL)]);
  const whole = await readAll(SMALL);
  for (let size = 1; size < 9; size++) assert.deepEqual(await readAll(marked, { size }), whole);
});

test('a U+FEFF within a session is content and stays', async () => {
  const session = '<session lsid="a"><body>x\uFEFFy</body></session>';
  const { readings } = await readAll(`<session_list>${session}</session_list>`, { size: 3 });
  assert.equal(readings[0]?.xml, session);
});

test('random texts survive: bytes of each session as sent, at random chunk sizes', async () => {
  const content = fc
    .array(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 12 }),
        fc.constantFrom('\r\n', '\r', ']]>', '<', '&', '\u{1F600}'),
      ),
    )
    .map((parts) => parts.join('').replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, ''));
  const text = content.map((raw) =>
    raw.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/]]>/g, ']]&gt;'),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { maxLength: 4 }),
      fc.integer({ min: 1, max: 40 }),
      async (texts, size) => {
        const sessions = texts.map(
          (body, i) => `<session lsid="s${i}">${body}<lseq>${body}</lseq></session>`,
        );
        const { readings } = await readAll(`<session_list>${sessions.join('\r\n')}</session_list>`, { size });
        assert.deepEqual(
          readings.map(({ xml }) => xml),
          sessions,
        );
      },
    ),
    { numRuns: 150 },
  );
});

test('a session written as a document of its own is read back to the same reading', async () => {
  const original = await readAll(SMALL);
  const { root } = original;
  assert.ok(root);
  for (const reading of original.readings) {
    const document = renderSessionDocument(root, reading.xml);
    assert.match(
      document,
      /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<session_list\r\n xmlns="u">\n<session/,
    );
    assert.deepEqual(await readAll(document), { root, readings: [reading] });
  }
});

test('the root tag of an empty report can hold sessions', async () => {
  const { root, readings } = await readAll('<a:session_list xmlns:a="u" />');
  assert.deepEqual(readings, []);
  assert.deepEqual(root, { name: 'a:session_list', startTag: '<a:session_list xmlns:a="u">' });
});

test('text that is not UTF-8, or says it is not, is refused clearly', async () => {
  const latin1 = Buffer.from(
    '<session_list><session lsid="a"><b>\u00e9</b></session></session_list>',
    'latin1',
  );
  await fails(latin1, 'malformed-report', { words: /UTF-8/ });
  await fails(Buffer.from(`\uFEFF${SMALL}`, 'utf16le'), 'unsupported-encoding', { kind: 'terminal' });
  await fails(Buffer.from('<session_list/>', 'utf16le'), 'unsupported-encoding');
  await fails(Buffer.from(`\uFEFF${SMALL}`, 'utf16le').swap16(), 'unsupported-encoding');
  await fails('<?xml version="1.0" encoding="ISO-8859-1"?><session_list/>', 'unsupported-encoding', {
    words: /ISO-8859-1/,
  });
  const overlong = Buffer.concat([
    Buffer.from('<session_list><session lsid="'),
    Buffer.from([0xc0, 0xaf]),
    Buffer.from('"/></session_list>'),
  ]);
  await fails(overlong, 'malformed-report');
});

test('a large chunk does not make all its sessions wait in memory', async () => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of reportChunks(1_000_000)) chunks.push(Buffer.from(chunk));
  const { readings } = await readAll(Buffer.concat(chunks), { size: 2_000_000 });
  const small = await readAll(Buffer.concat(chunks), { size: 1000 });
  assert.ok(readings.length > 50);
  assert.deepEqual(readings, small.readings);
});

test('what was read is let go: a long report needs no more room than its longest session', async () => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of reportChunks(1_000_000)) chunks.push(Buffer.from(chunk));
  const { readings } = await readAll(Buffer.concat(chunks), { limits: { sessionLength: 50_000 } });
  assert.ok(readings.length > 50);
});
