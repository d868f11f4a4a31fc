import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fails, inReport, readAll } from './report-reader-support.ts';

const session = (inner: string) => inReport(`<session lsid="a">${inner}</session>`);

test('what is not well-formed is refused', async () => {
  const rows: Record<string, string> = {
    'two roots': '<session_list/><session_list/>',
    'a second root of another name': '<session_list/><x>1</x>',
    'trailing junk': '<session_list/> junk',
    'leading junk': 'junk <session_list/>',
    'a control character': session('a\u0001b'),
    'a null character': session('a\u0000b'),
    'a control character by reference': session('&#1;'),
    'a control character by reference under XML 1.1': `<?xml version="1.1"?><session_list>&#1;</session_list>`,
    'a duplicate attribute': session('<a b="1" b="2"/>'),
    'an undefined entity': session('&nbsp;'),
    'a bare ampersand': session('a & b;'),
    'an end tag of another name': '<session_list><session lsid="a"></session_list></session>',
    'an attribute without quotes': session('<a b=1/>'),
    'a stray end of CDATA': session(']]>'),
    'a lone surrogate by reference': session('&#xD800;'),
    'a declaration in the middle': session('<?xml version="1.0"?>'),
    'a page with unclosed tags': '<html><body><br>Error</body></html>',
  };
  for (const [name, report] of Object.entries(rows)) {
    await assert.rejects(readAll(report), { name: 'Failure' }, name);
    const code = name.startsWith('a page') ? 'unexpected-document' : 'malformed-report';
    await fails(report, code);
  }
});

test('a document type declaration is refused, whatever is in it', async () => {
  for (const type of [
    '<!DOCTYPE session_list>',
    '<!DOCTYPE session_list [<!ENTITY a "x">]>',
    '<!DOCTYPE session_list SYSTEM "file:///etc/passwd">',
    '<!DOCTYPE session_list [<!ENTITY % p SYSTEM "http://127.0.0.1/x"> %p;]>',
  ]) {
    await fails(`${type}<session_list/>`, 'malformed-report', { words: /DOCTYPE/ });
  }
});

test('entity bombs do not expand', async () => {
  let entities = '<!ENTITY a0 "ha">';
  for (let i = 1; i < 30; i++) entities += `<!ENTITY a${i} "&a${i - 1};&a${i - 1};">`;
  await fails(
    `<!DOCTYPE s [${entities}]><session_list><session lsid="a">&a29;</session></session_list>`,
    'malformed-report',
  );
  await fails(session('&a;'.repeat(1000)), 'malformed-report');
});

test('a document type declaration that never ends is cut off', async () => {
  await fails(`<!DOCTYPE s [${'<!-- x -->'.repeat(30_000)}`, 'report-limit', {
    limits: { textLength: 100_000 },
  });
});

test('elements 100,000 deep are refused, in and outside a session', async () => {
  const deep = '<a>'.repeat(100_000);
  await fails(session(deep), 'report-limit');
  await fails(`<session_list>${deep}`, 'report-limit');
  await fails(deep, 'unexpected-document');
});

test('an attribute of 10 MB is refused, in one chunk and in many', async () => {
  const long = session(`<a b="${'x'.repeat(10 * 1024 * 1024)}"/>`);
  await fails(long, 'report-limit', { size: 64 * 1024 });
  await fails(long, 'report-limit', { size: 20 * 1024 * 1024 });
});

test('limits on attributes, text, comments and sessions are kept', async () => {
  const attributes = Array.from({ length: 65 }, (_, i) => `a${i}="1"`).join(' ');
  await fails(session(`<a ${attributes}/>`), 'report-limit', { words: /attributes/ });
  await fails(session('x'.repeat(2000)), 'report-limit', { limits: { textLength: 1000 } });
  await fails(session(`<![CDATA[${'x'.repeat(2000)}]]>`), 'report-limit', { limits: { textLength: 1000 } });
  await fails(session(`<!--${'x'.repeat(9000)}`), 'report-limit', {
    limits: { textLength: 1000 },
    size: 100,
  });
  await fails(session('<a>1</a>'.repeat(1000)), 'report-limit', { limits: { sessionLength: 5000 } });
  await fails(session('<a>1</a>'.repeat(1000)), 'report-limit', {
    limits: { sessionLength: 5000 },
    size: 100,
  });
  await readAll(session('<a>1</a>'.repeat(500)), {
    limits: { sessionLength: 5000, textLength: 100 },
    size: 100,
  });
});

test('many names do not grow memory: they are read all the same', async () => {
  const names = Array.from({ length: 5000 }, (_, i) => `<n${i} a${i}="x">${i}</n${i}>`).join('');
  const { readings } = await readAll(session(names));
  assert.equal(readings[0]?.xml.includes('<n4999 a4999="x">4999</n4999>'), true);
});

test('a document that is not a session report is refused', async () => {
  for (const page of [
    '<html><body>Sign in</body></html>',
    '<session_summary_list><session_summary lsid="a"/></session_summary_list>',
    '<api_information/>',
    '{"error":"access_denied"}',
    'Document Not Found',
  ]) {
    await assert.rejects(readAll(page), { name: 'Failure' }, page);
  }
  await fails('<html><body>Sign in</body></html>', 'unexpected-document', { words: /html/ });
});
