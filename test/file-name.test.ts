import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FileNameValues } from '../shared/destinations/destination.ts';
import { candidateNames, numberedName } from '../shared/destinations/file/conflict.ts';
import {
  defaultFileNameFormat,
  defaultInstanceFormat,
  findCollisions,
  parseFileNameFormat,
  renderFileName,
  replacementNames,
  usedValues,
} from '../shared/destinations/file/file-name.ts';
import { foldName } from '../shared/destinations/file/safe-name.ts';
import { Failure } from '../shared/errors.ts';

const render = (format: string, values: FileNameValues) =>
  renderFileName(parseFileNameFormat(format), values);
const refused = (format: string, position: number, said: RegExp) => {
  assert.throws(
    () => parseFileNameFormat(format),
    (error) => {
      assert.ok(error instanceof Failure);
      assert.deepEqual([error.kind, error.code], ['terminal', 'file-name-format']);
      assert.match(error.message, new RegExp(`character ${position}:`), error.message);
      assert.match(error.message, said);
      return true;
    },
    format,
  );
};

test("the guide's default format and every replacement value", () => {
  const values = {
    LSEQ: '17',
    LSID: '1234',
    EXTERNAL_KEY: 'INC-7',
    SESSION_TYPE: 'support',
    SUPPORT_SITE_HOST: 'support.example.com',
    INSTANCE: '0',
    EXTENSION: 'flv',
  };
  assert.equal(render(defaultFileNameFormat, values), 'support.example.com-support-1234.flv');
  assert.equal(render(defaultInstanceFormat, values), 'support.example.com-support-1234.0.flv');
  const all = replacementNames.map((name) => `%${name}%`).join('+');
  assert.equal(render(all, values), '17+1234+INC-7+support+support.example.com+0+flv');
  assert.equal(
    render('%SUPPORT_SITE_HOST%/%SESSION_TYPE%/x%LSID%%LSEQ%', values),
    'support.example.com/support/x123417',
  );
  assert.deepEqual([...usedValues(parseFileNameFormat('a%LSID%-%LSID%'))], ['LSID']);
});

test('a format that is wrong is refused with the position', () => {
  refused('', 1, /empty/);
  refused('%LSID', 1, /not closed/);
  refused('a-%LSID%-100%', 13, /not closed/);
  refused('%lsid%', 1, /%LSID% in upper case/);
  refused('x%Lsid%', 2, /%LSID% in upper case/);
  refused('%LSID%.%EXT%', 8, /%EXT% is not/);
  refused('%%', 1, /is not a replacement value/);
  refused('% LSID%', 1, /is not/);
  refused('a\\b', 2, /"\/"/);
  refused('a:b', 2, /cannot be/);
  refused('a\u0000', 2, /cannot be/);
  refused('/a', 1, /no name/);
  refused('a//b', 3, /no name/);
  refused('a/', 3, /no name/);
  refused('../%LSID%', 1, /begin/);
  refused('a/../b', 3, /begin/);
  refused('.a', 1, /begin/);
  refused('%LSID%.', 7, /end/);
  refused('a/b/c/d/e/f/g/h/i', 17, /folders/);
  refused('x'.repeat(401), 401, /400/);
});

test('values are not read as formats, and absent ones have a defined form', () => {
  assert.equal(render('%EXTERNAL_KEY%.xml', { EXTERNAL_KEY: '%LSID%', LSID: '1' }), '%LSID%.xml');
  assert.equal(render('%EXTERNAL_KEY%.%EXTENSION%', {}), 'none.none');
  assert.equal(render('%EXTERNAL_KEY%.%EXTENSION%', { EXTERNAL_KEY: '', EXTENSION: 'xml' }), 'none.xml');
  const named = render('%EXTERNAL_KEY%', { EXTERNAL_KEY: 'None' });
  assert.match(named, /^None~[0-9a-f]{16}$/);
});

test('values cannot lead out of the folder, nor make folders, nor names a system refuses', () => {
  for (const [value, shown] of [
    ['../../etc/passwd', /^__\.\._etc_passwd~[0-9a-f]{16}~[0-9a-f]{16}$/],
    ['..', /^~[0-9a-f]{16}$/],
    ['a/b', /^a_b~/],
    ['a\\b', /^a_b~/],
    ['CON', /^CON~/],
    ['com1', /^com1~/],
    ['a.', /^a~/],
    [' a ', /^_a~/],
    ['a\nb\u202egpj.exe', /^a_b_gpj\.exe~/],
    ['a\ud800b', /^a_b~/],
    ['<>:"|?*', /^_{7}~/],
  ] as const) {
    assert.match(render('%EXTERNAL_KEY%', { EXTERNAL_KEY: value }), shown, value);
  }
  assert.match(render('%EXTERNAL_KEY%.xml', { EXTERNAL_KEY: 'nul' }), /^nul~[0-9a-f]{16}\.xml$/);
  assert.match(
    render('%EXTERNAL_KEY%.%LSID%.xml', { EXTERNAL_KEY: 'aux', LSID: '1' }),
    /^aux~[0-9a-f]{16}\.1\.xml$/,
  );
  assert.equal(render('%EXTERNAL_KEY%.xml', { EXTERNAL_KEY: 'console' }), 'console.xml');
  // The same text in composed and decomposed form is the same name.
  assert.equal(render('%EXTERNAL_KEY%', { EXTERNAL_KEY: 'e\u0301' }), '\u00e9');
});

test('long values are shortened with a hash, within 255 bytes, the extension kept', () => {
  const a = render('%EXTERNAL_KEY%-%LSID%.%EXTENSION%', {
    EXTERNAL_KEY: '日'.repeat(500),
    LSID: 'x'.repeat(150),
    EXTENSION: 'xml',
  });
  const b = render('%EXTERNAL_KEY%-%LSID%.%EXTENSION%', {
    EXTERNAL_KEY: `${'日'.repeat(499)}月`,
    LSID: 'x'.repeat(150),
    EXTENSION: 'xml',
  });
  assert.notEqual(a, b);
  assert.ok(Buffer.byteLength(a) <= 240 && a.endsWith('.xml') && a.startsWith('日日日'), a);
});

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'binary', minLength: 100, maxLength: 400 }),
  fc.stringMatching(/^[./\\ :a~]{0,6}$/),
  fc.constantFrom(
    '',
    'none',
    'NONE',
    'CON',
    'con.txt',
    'LPT1',
    'nul ',
    '..',
    '.',
    ' ',
    'a~0123456789abcdef',
    'COM¹',
  ),
);
const values = fc.record(Object.fromEntries(replacementNames.map((name) => [name, hostile])), {
  requiredKeys: [],
}) as fc.Arbitrary<FileNameValues>;
const formats = fc.constantFrom(
  defaultFileNameFormat,
  '%EXTERNAL_KEY%',
  '%EXTERNAL_KEY%/%LSID%/%SESSION_TYPE%.%EXTENSION%',
  '%EXTERNAL_KEY%%LSID%',
  'a/b/c/d/%EXTERNAL_KEY%/%LSEQ%/%INSTANCE%/x.%EXTENSION%',
);

test('whatever the values are, a name is one that every system takes', () => {
  fc.assert(
    fc.property(formats, values, (format, some) => {
      const name = render(format, some);
      const parts = name.split('/');
      assert.equal(parts.length, format.split('/').length);
      assert.equal(name, name.normalize('NFC'));
      assert.ok(Buffer.byteLength(numberedName(name, 99_999)) <= 800);
      for (const part of parts) {
        assert.ok(part.length > 0 && Buffer.byteLength(numberedName(part, 99_999)) <= 255);
        assert.doesNotMatch(part, /[<>:"/\\|?*]|\p{Cc}|[. ]$|^[. ]/u);
        assert.doesNotMatch(part, /^(con|prn|aux|nul|(com|lpt)[0-9¹²³])\s*(\.|$)/i);
        assert.equal(Buffer.from(part).toString(), part);
      }
      assert.equal(render(format, some), name);
    }),
    { numRuns: 1_000 },
  );
});

test('two values that differ never give one name, capitals and composition aside', () => {
  const format = parseFileNameFormat('%EXTERNAL_KEY%.xml');
  const same = (text: string) => (text === '' ? '' : foldName(text));
  fc.assert(
    fc.property(hostile, hostile, (a, b) => {
      fc.pre(same(a) !== same(b));
      assert.deepEqual(findCollisions(format, [{ EXTERNAL_KEY: a }, { EXTERNAL_KEY: b }]), []);
    }),
    { numRuns: 2_000 },
  );
  // A name that was made is not made again from the text of the name.
  for (const value of ['a/b', 'CON', '', 'x'.repeat(500), 'a.']) {
    const made = renderFileName(parseFileNameFormat('%EXTERNAL_KEY%'), { EXTERNAL_KEY: value });
    assert.notEqual(renderFileName(parseFileNameFormat('%EXTERNAL_KEY%'), { EXTERNAL_KEY: made }), made);
  }
});

test('names as made can be written to a real folder and are listed as written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'file-name-'));
  try {
    fc.assert(
      fc.property(hostile, (value) => {
        const name = render('%EXTERNAL_KEY%/%EXTERNAL_KEY%.%EXTENSION%', {
          EXTERNAL_KEY: value,
          EXTENSION: 'xml',
        });
        const path = join(folder, name);
        assert.ok(path.startsWith(`${folder}/`));
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, value);
        assert.ok(readdirSync(dirname(path)).includes(name.split('/')[1] ?? ''));
        assert.equal(readFileSync(path).toString(), Buffer.from(value).toString());
      }),
      { numRuns: 200 },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the number goes before the last period of the file name', () => {
  assert.equal(
    numberedName('support.example.com-support-1234.flv', 1),
    'support.example.com-support-1234.1.flv',
  );
  assert.equal(
    numberedName('support.example.com-support-1234.flv', 2),
    'support.example.com-support-1234.2.flv',
  );
  assert.equal(numberedName('a.b/c', 3), 'a.b/c.3');
  assert.equal(numberedName('c', 3), 'c.3');
  const first = (handling: 'AppendNumber' | 'Overwrite' | 'Skip') => {
    const names: string[] = [];
    for (const name of candidateNames('a.flv', handling)) if (names.push(name) === 3) break;
    return names;
  };
  assert.deepEqual(first('AppendNumber'), ['a.flv', 'a.1.flv', 'a.2.flv']);
  assert.deepEqual(first('Overwrite'), ['a.flv']);
  assert.deepEqual(first('Skip'), ['a.flv']);
});

test('a format that cannot tell samples apart is found out', () => {
  const samples = [
    { SESSION_TYPE: 'support', LSID: '1', EXTENSION: 'xml' },
    { SESSION_TYPE: 'support', LSID: '1', EXTENSION: 'flv' },
    { SESSION_TYPE: 'backup', EXTENSION: 'nsb' },
  ];
  assert.deepEqual(findCollisions(parseFileNameFormat(defaultFileNameFormat), samples), []);
  assert.deepEqual(findCollisions(parseFileNameFormat('%SESSION_TYPE%-%LSID%'), samples), [[0, 1]]);
});
