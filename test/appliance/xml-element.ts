import { type TextStyle, xmlAttribute, xmlText } from './xml-text.ts';

export type Attributes = Readonly<Record<string, string | null>>;

export const indent = '    ';

/** Nothing at all for `null`, which stands for an element that is absent. */
export function element(
  depth: number,
  name: string,
  text: string | null,
  style: TextStyle = 'entities',
  attributes: Attributes = {},
): string {
  if (text === null) return '';
  // Nobody writes a CDATA section around plain words or nothing.
  const fitting = style === 'cdata' && !/[<&]/.test(text) ? 'entities' : style;
  return `${indent.repeat(depth)}<${name}${attributeList(attributes)}>${xmlText(text, fitting)}</${name}>\n`;
}

function attributeList(attributes: Attributes): string {
  let list = '';
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) list += ` ${name}="${xmlAttribute(value)}"`;
  }
  return list;
}

/** An element around others. */
export function wrap(depth: number, name: string, inner: string, attributes: Attributes = {}): string {
  const open = `${indent.repeat(depth)}<${name}${attributeList(attributes)}>`;
  return inner === '' ? `${open}</${name}>\n` : `${open}\n${inner}${indent.repeat(depth)}</${name}>\n`;
}
