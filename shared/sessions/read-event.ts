import { unixTime } from './read-values.ts';
import type { Actor, SessionEvent, SystemInformation } from './session.ts';
import { attributeOf, childOf, childText, type XmlElement } from './xml-element.ts';

type Pair = readonly [name: string, value: string];

const WHITE_SPACE = /\s+/g;

/** One `session_details/event`. `xml` is the session as sent. */
export function readEvent(event: XmlElement, xml: string): SessionEvent {
  let performedBy: Actor | null = null;
  let destination: Actor | null = null;
  let systemInformation: SystemInformation[] | undefined;
  const data: Pair[] = [];
  // The pairs have a fixed order wherever their elements stand: both spellings seen in the field then give one result.
  let rest: XmlElement[] | undefined;
  for (const child of event.children) {
    switch (child.name) {
      case 'performed_by':
        performedBy ??= actor(child);
        break;
      case 'destination':
        destination ??= actor(child);
        break;
      case 'destinations': {
        const first = childOf(child, 'destination');
        if (first !== undefined) destination ??= actor(first);
        break;
      }
      case 'data':
        for (const value of child.children) if (value.name === 'value') data.push(dataValue(value));
        break;
      case 'system_information':
        systemInformation ??= [];
        readSystemInformation(child, xml, systemInformation);
        break;
      case 'body':
      case 'encoded_body':
      case 'filename':
      case 'filesize':
      case 'files':
        rest ??= [];
        rest.push(child);
        break;
    }
  }
  if (rest !== undefined) pairsOf(rest, data);
  return {
    type: attributeOf(event, 'event_type'),
    time: unixTime(attributeOf(event, 'timestamp')),
    performedBy,
    destination,
    data,
    systemInformation: systemInformation ?? [],
  };
}

function actor(element: XmlElement): Actor {
  return {
    type: attributeOf(element, 'type'),
    gsNumber: attributeOf(element, 'gsnumber'),
    name: element.text,
  };
}

function dataValue(value: XmlElement): Pair {
  return [attributeOf(value, 'name') ?? '', attributeOf(value, 'value') ?? value.text];
}

function pairsOf(elements: readonly XmlElement[], data: Pair[]): void {
  for (const { name, text } of elements) if (name === 'body') data.push(['body', text]);
  for (const { name, text } of elements)
    if (name === 'encoded_body') data.push(['encoded_body', text.replace(WHITE_SPACE, '')]);
  for (const { name, text } of elements) if (name === 'filename') data.push(['filename', text]);
  for (const { name, text } of elements) if (name === 'filesize') data.push(['filesize', text]);
  for (const files of elements) {
    if (files.name !== 'files') continue;
    for (const file of files.children) {
      if (file.name !== 'file') continue;
      data.push(['file', attributeOf(file, 'name') ?? childText(file, 'name') ?? file.text]);
      const size = attributeOf(file, 'size') ?? childText(file, 'size');
      if (size !== null) data.push(['file_size', size]);
    }
  }
}

function readSystemInformation(element: XmlElement, xml: string, into: SystemInformation[]): void {
  for (const category of element.children) {
    if (category.name !== 'category') continue;
    const { contentFrom: from, contentTo: to } = category;
    into.push({
      category: attributeOf(category, 'name'),
      information: from < 0 || to <= from ? '' : xml.slice(from, to),
    });
  }
}
