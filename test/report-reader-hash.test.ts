import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readOne } from './report-reader-support.ts';

interface Element {
  name: string;
  attributes: [string, string][];
  content: string | Element[];
}

const NAMES = ['lseq', 'event', 'value', 'body', 'data', 'x', 'category', 'download_url', 'y'];
const word = fc.string({
  unit: fc.constantFrom('a', 'b', ' ', '<', '&', '"', 'é', '\n', '\u{1F600}'),
  minLength: 1,
  maxLength: 5,
});
const { tree } = fc.letrec<{ tree: Element; children: Element[] }>((tie) => ({
  tree: fc.record({
    name: fc.constantFrom(...NAMES),
    attributes: fc.uniqueArray(
      fc.tuple(
        fc.constantFrom('name', 'value', 'id', 'type'),
        fc.oneof(word, fc.constantFrom('view_url', 'owner')),
      ),
      { selector: ([name]) => name, maxLength: 3 },
    ),
    content: fc.oneof({ depthSize: 'small' }, word, fc.constant(''), tie('children')),
  }),
  children: fc.array(tie('tree'), { maxLength: 4 }),
}));
const session = fc
  .array(tree, { maxLength: 5 })
  .map((content): Element => ({ name: 'session', attributes: [['lsid', 'a1']], content }));

const escapeXml = (text: string) =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;').replace(/\n/g, '&#10;');

/** Ways of writing the same content. */
interface Style {
  readonly pretty: boolean;
  readonly prefix: string;
  readonly reversed: boolean;
  readonly cdata: boolean;
  readonly url: string;
}

const isUrl = ({ name, attributes }: Element) =>
  name.endsWith('_url') ||
  (name === 'value' && attributes.some(([key, value]) => key === 'name' && value.endsWith('_url')));

function write(element: Element, style: Style, depth = 0): string {
  const url = isUrl(element);
  const attributes = style.reversed ? [...element.attributes].reverse() : element.attributes;
  const tag = style.prefix + element.name;
  const list = attributes
    .map(
      ([name, value]) =>
        ` ${name}="${url && name === 'value' ? escapeXml(value) + style.url : escapeXml(value)}"`,
    )
    .join('');
  const declared = depth === 0 && style.prefix !== '' ? ' xmlns:p="urn:p"' : '';
  const open = `<${tag}${list}${declared}>`;
  const { content } = element;
  if (typeof content === 'string') {
    if (content === '' && style.reversed) return `<${tag}${list}${declared} />`;
    const text = url && content.trim() !== '' ? content + style.url : content;
    // A CDATA section cannot say what a reference can: a line end is taken as it stands in both.
    const written =
      style.cdata && text !== '' && !text.includes('\n') ? `<![CDATA[${text}]]>` : escapeXml(text);
    return `${open}${written}</${tag}>`;
  }
  const gap = style.pretty && content.length > 0 ? `\n${'  '.repeat(depth)}` : '';
  return `${open}${content.map((child) => gap + write(child, style, depth + 1)).join('')}${gap}</${tag}>`;
}

const PLAIN: Style = { pretty: false, prefix: '', reversed: false, cdata: false, url: '' };
const styles = fc.record({
  pretty: fc.boolean(),
  prefix: fc.constantFrom('', 'p:'),
  reversed: fc.boolean(),
  cdata: fc.boolean(),
  url: fc.constantFrom('', 'zz', '?h=1'),
});

const hashOf = async (xml: string) => (await readOne(xml)).hash;

test('the hash is the same whatever the spelling, and whatever the capability URLs', async () => {
  await fc.assert(
    fc.asyncProperty(session, styles, async (one, style) => {
      assert.equal(await hashOf(write(one, style)), await hashOf(write(one, PLAIN)));
    }),
    { numRuns: 300 },
  );
});

/** Every single change that is not a capability URL's value. */
function* changes(element: Element): Generator<() => () => void> {
  const url = isUrl(element);
  for (const pair of element.attributes) {
    const [name, value] = pair;
    // A name may make its value a capability URL, or no longer; that changes the hash as well, by the name.
    if (!(url && name === 'value')) yield change(pair, 1, `${value}!`);
    yield change(pair, 0, `${name}z`);
  }
  yield change(element, 'attributes', [...element.attributes, ['added', '']]);
  yield change(element, 'name', `${element.name}z`);
  const { content } = element;
  if (typeof content === 'string') {
    if (!(url && content.trim() !== '')) yield change(element, 'content', `${content}!`);
    if (content.trim() !== '') yield change(element, 'content', '');
    return;
  }
  yield change(element, 'content', [...content, { name: 'added', attributes: [], content: '' }]);
  if (content.length > 0) yield change(element, 'content', content.slice(1));
  const [first, second] = content;
  if (first && second && JSON.stringify(first) !== JSON.stringify(second)) {
    yield change(element, 'content', [second, first, ...content.slice(2)]);
  }
  for (const child of content) yield* changes(child);
}

function change<T, K extends keyof T>(target: T, key: K, value: T[K]): () => () => void {
  return () => {
    const before = target[key];
    target[key] = value;
    return () => {
      target[key] = before;
    };
  };
}

/** Masked values stand for all their values: only content that differs beyond them has to differ in the hash. */
function essence(element: Element): unknown {
  const url = isUrl(element);
  const { content } = element;
  return [
    element.name,
    element.attributes
      .map(([name, value]) => [name, url && name === 'value' && value !== '' ? true : value])
      .sort((a, b) => String(a[0]).localeCompare(String(b[0]))),
    typeof content === 'string'
      ? url && content.trim() !== ''
        ? true
        : content
      : content.length === 0
        ? ''
        : content.map(essence),
  ];
}

test('the hash changes with any other change', async () => {
  await fc.assert(
    fc.asyncProperty(session, async (one) => {
      // The session's own name and lsid make it a session; the rest may change.
      const before = await hashOf(write(one, PLAIN));
      const was = JSON.stringify(essence(one));
      for (const inner of one.content as Element[]) {
        for (const apply of changes(inner)) {
          const undo = apply();
          const now = write(one, PLAIN);
          if (JSON.stringify(essence(one)) !== was) assert.notEqual(await hashOf(now), before, now);
          undo();
        }
      }
      assert.equal(await hashOf(write(one, PLAIN)), before);
    }),
    { numRuns: 60 },
  );
});

test('a capability URL that appears, or disappears, is a change', async () => {
  const url = (text: string) =>
    `<session lsid="a"><session_recording_download_url>${text}</session_recording_download_url></session>`;
  const value = (text: string) =>
    `<session lsid="a"><session_details><event><data><value name="view_url" value="${text}"/></data></event></session_details></session>`;
  for (const write of [url, value]) {
    assert.equal(await hashOf(write('https://a/?h=1')), await hashOf(write('https://a/?h=2')));
    assert.notEqual(await hashOf(write('https://a/?h=1')), await hashOf(write('')));
  }
  assert.notEqual(await hashOf(url('')), await hashOf('<session lsid="a"/>'));
});

test('content cannot imitate structure', async () => {
  const forms = [
    '<a>b</a>',
    '<a><b/></a>',
    '<a b=""/>',
    '<a/><b/>',
    '<ab/>',
    '<a>b<c/></a>',
    '<a><c/>b</a>',
    '<a b="c"/>',
    '<a bc=""/>',
    '<a>present</a>',
    '<a_url>x</a_url>',
    '<a> </a>',
    '<a></a>',
  ];
  const hashes = await Promise.all(forms.map((form) => hashOf(`<session lsid="a">${form}</session>`)));
  assert.equal(new Set(hashes).size, forms.length);
});
