import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { Failure } from '../errors.ts';
import { XmlElement } from '../sessions/xml-element.ts';

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: true,
  // Without it `&#39;` and the like stay undecoded.
  htmlEntities: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  removeNSPrefix: false,
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const MOST_DEEP = 64;

/**
 * Parses a small reply (command API, error documents) whole. Checked by the validator first: the parser alone accepts
 * cut and broken documents. Throws `malformed-reply`; a DOCTYPE is refused.
 * @param what for messages
 */
export function parseSmallXml(text: string | Uint8Array, what: string): XmlElement {
  const xml = typeof text === 'string' ? text.replace(/^\uFEFF/, '') : decode(text, what);
  // Comments and CDATA sections could hide one from a finer look; no reply has a reason to say the word.
  if (/<!DOCTYPE/i.test(xml)) throw malformed(what, 'it has a DOCTYPE');
  if (NOT_XML.test(xml)) throw malformed(what, 'it has a character that XML does not allow');
  // Validator and parser pass over text around the root element.
  const bare = xml.trim();
  if (!bare.startsWith('<') || !bare.endsWith('>'))
    throw malformed(what, 'it has text outside its root element');
  const verdict = XMLValidator.validate(xml);
  if (verdict !== true) throw malformed(what, `not well-formed XML (${verdict.err.code})`);
  let nodes: unknown;
  try {
    nodes = parser.parse(xml);
  } catch (error) {
    throw malformed(what, 'it cannot be parsed', error);
  }
  const roots = elementsOf(nodes, 1, what);
  const [root] = roots;
  if (root === undefined || roots.length > 1) throw malformed(what, `it has ${roots.length} root elements`);
  if (textOf(nodes).trim() !== '') throw malformed(what, 'it has text outside its root element');
  return root;
}

function decode(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw malformed(what, 'it is not UTF-8', error);
  }
}

function malformed(what: string, why: string, cause?: unknown): Failure {
  return new Failure('transient', 'malformed-reply', `The answer to ${what} was refused: ${why}.`, { cause });
}

/** The parser's ordered form: each node is an object of one tag, or of `#text`, with attributes under `:@`. */
function elementsOf(nodes: unknown, depth: number, what: string): XmlElement[] {
  if (depth > MOST_DEEP) throw malformed(what, `elements stand more than ${MOST_DEEP} deep`);
  const elements: XmlElement[] = [];
  if (!Array.isArray(nodes)) return elements;
  for (const node of nodes as Record<string, unknown>[]) {
    const tag = Object.keys(node).find((key) => key !== ':@' && key !== '#text');
    if (tag === undefined || tag.startsWith('?')) continue;
    const element = new XmlElement(localName(tag), attributesOf(node[':@']));
    for (const child of elementsOf(node[tag], depth + 1, what)) element.append(child);
    const text = textOf(node[tag]);
    if (element.children.length === 0 || text.trim() !== '') element.text = text;
    elements.push(element);
  }
  return elements;
}

function attributesOf(sent: unknown): string[] {
  const flat: string[] = [];
  if (typeof sent !== 'object' || sent === null) return flat;
  for (const [name, value] of Object.entries(sent)) {
    if (name !== 'xmlns' && !name.startsWith('xmlns:')) flat.push(localName(name), String(value));
  }
  return flat;
}

function textOf(nodes: unknown): string {
  if (!Array.isArray(nodes)) return '';
  let text = '';
  for (const node of nodes as Record<string, unknown>[]) if ('#text' in node) text += String(node['#text']);
  return text;
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
