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
  #current: XmlElement | undefined;
  #canonical = '';
  #text = '';

  get isOpen(): boolean {
    return this.#current !== undefined;
  }

  text(text: string): void {
    this.#text = this.#text === '' ? text : this.#text + text;
  }

  /** @param attributes name as sent and value, in turn; without namespace declarations */
  open(name: ElementName, attributes: readonly string[] | undefined, forms: readonly string[]): XmlElement {
    const parent = this.#current;
    if (parent !== undefined) {
      if (this.#text !== '') this.#flush(parent, false);
      this.#open.push(parent);
    }
    let element: XmlElement;
    if (attributes === undefined) {
      this.#canonical += name.opening;
      element = new XmlElement(name.local, undefined, name.isUrl);
    } else {
      const isCapability = name.isUrl || (name.local === 'value' && isUrlValue(attributes));
      this.#canonical += name.opening + canonicalAttributes(attributes, forms, isCapability);
      element = new XmlElement(name.local, attributes, isCapability);
    }
    parent?.append(element);
    this.#current = element;
    return element;
  }

  /** The element that ended; it was the session itself when `isOpen` is false afterwards. */
  close(): XmlElement {
    const element = this.#current;
    if (element === undefined) throw new Error('close without open');
    if (this.#text !== '') this.#flush(element, true);
    this.#canonical += CLOSE;
    this.#current = this.#open.pop();
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
    if (element.isCapability && !blank) this.#canonical += PRESENT;
    else this.#canonical += TEXT + text;
  }
}

/** Sorted by name; names are unique but for their prefixes, then the value decides. */
function canonicalAttributes(
  attributes: readonly string[],
  forms: readonly string[],
  masked: boolean,
): string {
  const first = canonicalAttribute(attributes, forms, 0, masked);
  const count = attributes.length / 2;
  if (count === 1) return first;
  const second = canonicalAttribute(attributes, forms, 1, masked);
  // By the names where these differ: comparing long strings that were just put together would copy them first.
  const [one = '', other = ''] = forms;
  if (count === 2) return one < other || (one === other && first <= second) ? first + second : second + first;
  const all = [first, second];
  for (let i = 2; i < count; i++) all.push(canonicalAttribute(attributes, forms, i, masked));
  return all.sort().join('');
}

function canonicalAttribute(
  attributes: readonly string[],
  forms: readonly string[],
  place: number,
  masked: boolean,
): string {
  const hidden = masked && attributes[2 * place] === 'value' && attributes[2 * place + 1] !== '';
  return (forms[place] ?? '') + (hidden ? '\u0006' : (attributes[2 * place + 1] ?? ''));
}

function isBlank(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code !== 0x20 && code !== 0x0a && code !== 0x09 && code !== 0x0d) return false;
  }
  return true;
}

function isUrlValue(attributes: readonly string[]): boolean {
  for (let i = 0; i < attributes.length; i += 2)
    if (attributes[i] === 'name') return (attributes[i + 1] ?? '').endsWith('_url');
  return false;
}
