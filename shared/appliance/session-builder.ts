import { hash } from 'node:crypto';
import { XmlElement } from '../sessions/xml-element.ts';
import type { ElementName } from './element-names.ts';

const TEXT = '\u0004';
const CLOSE = '\u0005';
const PRESENT = '\u0004\u0006';

/**
 * Builds one session's elements and its canonical form from parse events. The canonical form holds local names,
 * attributes sorted by name, and decoded text; parts are set off by control characters, which XML text cannot hold, so
 * that different content never gives the same form. Left out: namespace declarations, comments, blank text beside child
 * elements, and the values of capability URLs, of which only "present" is kept.
 */
export class SessionBuilder {
  readonly #open: XmlElement[] = [];
  readonly #masked: boolean[] = [];
  #current: XmlElement | undefined;
  #currentMasked = false;
  #canonical = '';
  #text = '';

  get isOpen(): boolean {
    return this.#current !== undefined;
  }

  text(text: string): void {
    this.#text = this.#text === '' ? text : this.#text + text;
  }

  /** @param attributes name as sent and value, in turn; without namespace declarations */
  open(name: ElementName, attributes: readonly string[] | undefined): XmlElement {
    const parent = this.#current;
    if (parent !== undefined) {
      if (this.#text !== '') this.#flush(parent, false);
      this.#open.push(parent);
      this.#masked.push(this.#currentMasked);
    }
    this.#canonical += name.opening;
    let element: XmlElement;
    let masked = name.isUrl;
    if (attributes === undefined) element = new XmlElement(name.local);
    else {
      element = new XmlElement(name.local, attributes);
      masked ||= name.local === 'value' && isUrlValue(attributes);
      this.#canonical += canonicalAttributes(attributes, masked);
    }
    parent?.append(element);
    this.#current = element;
    this.#currentMasked = masked;
    return element;
  }

  /** The element that ended; it was the session itself when `isOpen` is false afterwards. */
  close(): XmlElement {
    const element = this.#current;
    if (element === undefined) throw new Error('close without open');
    if (this.#text !== '') this.#flush(element, true);
    this.#canonical += CLOSE;
    this.#current = this.#open.pop();
    this.#currentMasked = this.#masked.pop() ?? false;
    return element;
  }

  /** SHA-256 (hex) of the session that was closed, and ready for the next. */
  takeHash(): string {
    const digest = hash('sha256', this.#canonical, 'hex');
    this.#canonical = '';
    return digest;
  }

  #flush(element: XmlElement, ending: boolean): void {
    const text = this.#text;
    this.#text = '';
    const blank = isBlank(text);
    if (blank && (!ending || element.children.length > 0)) return;
    element.text = element.text === '' ? text : element.text + text;
    if (this.#currentMasked && !blank) this.#canonical += PRESENT;
    else this.#canonical += TEXT + text;
  }
}

function canonicalAttributes(attributes: readonly string[], masked: boolean): string {
  // Nearly all elements have one or two; names are unique but for their prefixes, then the value decides.
  const [name = '', value = '', other, otherValue = ''] = attributes;
  if (other === undefined) return canonicalAttribute(name, value, masked);
  if (attributes.length === 4) {
    return (compare(name, other) || compare(value, otherValue)) <= 0
      ? canonicalAttribute(name, value, masked) + canonicalAttribute(other, otherValue, masked)
      : canonicalAttribute(other, otherValue, masked) + canonicalAttribute(name, value, masked);
  }
  const pairs: [string, string][] = [];
  for (let i = 0; i < attributes.length; i += 2) pairs.push([attributes[i] ?? '', attributes[i + 1] ?? '']);
  pairs.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]));
  return pairs.map((pair) => canonicalAttribute(pair[0], pair[1], masked)).join('');
}

function canonicalAttribute(name: string, value: string, masked: boolean): string {
  return `\u0002${name}\u0003${masked && name === 'value' && value !== '' ? '\u0006' : value}`;
}

function isBlank(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code !== 0x20 && code !== 0x0a && code !== 0x09 && code !== 0x0d) return false;
  }
  return true;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isUrlValue(attributes: readonly string[]): boolean {
  for (let i = 0; i < attributes.length; i += 2)
    if (attributes[i] === 'name') return (attributes[i + 1] ?? '').endsWith('_url');
  return false;
}
