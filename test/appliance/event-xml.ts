import type { Actor } from '../../shared/sessions/session.ts';
import type { EventFacts, EventPart } from './session-facts.ts';
import { element, indent } from './xml-element.ts';
import { type TextStyle, xmlAttribute, xmlText } from './xml-text.ts';

export function eventXml(event: EventFacts, style: TextStyle): string {
  const open = `${indent.repeat(2)}<event timestamp="${event.time}" event_type="${xmlAttribute(event.type)}"`;
  const actor = (name: string, who: Actor | null) =>
    who ? element(3, name, who.name, style, { type: who.type, gsnumber: who.gsNumber }) : '';
  const inner =
    actor('performed_by', event.performedBy) +
    actor('destination', event.destination) +
    event.parts.map(partXml).join('');
  // As seen: a space before the end of the tag, and nothing inside.
  if (inner.trim() === '' && inner !== '') return `${open} >${inner}${indent.repeat(2)}</event>\n`;
  return inner === '' ? `${open} />\n` : `${open}>\n${inner}${indent.repeat(2)}</event>\n`;
}

/** In the place of an event of a session: three deep. */
export function partXml(part: EventPart): string {
  const pad = indent.repeat(3);
  switch (part.kind) {
    case 'data': {
      const values = part.values.map(
        ([name, value]) => `<value name="${xmlAttribute(name)}" value="${xmlAttribute(value)}" />`,
      );
      if (values.length <= 1) return `${pad}<data>${values.join('')}</data>\n`;
      return `${pad}<data>\n${values.map((value) => `${pad}${indent}${value}\n`).join('')}${pad}</data>\n`;
    }
    case 'body':
      return `${pad}<body>${xmlText(part.text, part.style)}</body>\n`;
    case 'encoded-body': {
      // RFC 2045: lines of at most 76 characters, ended by CRLF.
      const base64 = Buffer.from(part.bytes)
        .toString('base64')
        .replaceAll(/.{76}(?=.)/g, '$&\r\n');
      return `${pad}<encoded_body>${base64}</encoded_body>\n`;
    }
    case 'filename':
    case 'filesize':
      return element(3, part.kind, part.text);
    case 'files': {
      const files = part.files.map(
        ([name, size]) => `<file name="${xmlAttribute(name)}" size="${xmlAttribute(size)}" />`,
      );
      return `${pad}<files>${files.join('')}</files>\n`;
    }
    case 'system-information': {
      const categories = part.categories.map(
        ({ name, inner }) => `${pad}${indent}<category name="${xmlAttribute(name)}">${inner}</category>\n`,
      );
      return `${pad}<system_information>\n${categories.join('')}${pad}</system_information>\n`;
    }
    case 'unknown':
      return `${pad}${part.xml}\n`;
    case 'blank':
      return '\n\n';
  }
}
