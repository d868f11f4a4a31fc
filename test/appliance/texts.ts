import type { Random } from './random.ts';
import type { EventPart } from './session-facts.ts';
import type { TextStyle } from './xml-text.ts';

type NonEmpty<T> = readonly [T, ...T[]];

export const fileNames: { readonly plain: NonEmpty<string>; readonly odd: NonEmpty<string> } = {
  plain: ['driver.zip', 'report.pdf', 'settings.json'],
  odd: [
    'driver.zip',
    'D:\\backup\\q3-øre.bak',
    '../../etc/passwd',
    'CON.txt',
    'a "quoted" & <bracketed>.txt',
    'família \u{1F468}\u200D\u{1F469}\u200D\u{1F467}.png',
    "l'été.docx",
  ],
};

const plainChats: NonEmpty<string> = [
  'Hello, how can I help?',
  'The driver is in place now.',
  'Please restart the service.',
  'Thank you.',
];

const oddChats: NonEmpty<readonly [text: string, style: TextStyle]> = [
  ['Hello, how can I help?', 'entities'],
  ['Is 1 < 2 && 3 > 2? She said "yes", he said \'no\'.', 'entities'],
  ['Is 1 < 2 && 3 > 2? She said "yes", he said \'no\' – ütf \u{1F600}.', 'numeric'],
  ['two\r\nlines,\ta tab and a lone\rreturn', 'entities'],
  ['sent with raw\nWindows line ends\n\nand an empty line', 'crlf-lines'],
  ['<b>bold</b> & </session> and </session_list> in a message', 'cdata'],
  ['an end of CDATA ]]> inside, twice ]]>', 'cdata'],
  ['an end of CDATA ]]> outside', 'entities'],
  ['&amp; already escaped &lt;once&gt; &#65;', 'entities'],
  ['  spaces around, and\n\n  inside  ', 'entities'],
  ['\u{1F468}\u200D\u{1F4BB} \u{20000} \u{10FFFD} 花子 Ωμέγα שלום עליכם', 'entities'],
  ["=cmd|' /C calc'!A0", 'entities'],
  ["Robert'); DROP TABLE session;--", 'entities'],
  ['<script>alert("x")</script>', 'entities'],
  ['NEL \u0085 and line separator \u2028 stay', 'entities'],
  ['', 'entities'],
  ['long '.repeat(400), 'entities'],
];

export function chatPart(random: Random, odd: boolean): EventPart {
  if (!odd) return { kind: 'body', text: random.pick(plainChats), style: 'entities' };
  const [text, style] = random.pick(oddChats);
  return { kind: 'body', text, style };
}
