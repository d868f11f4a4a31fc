/** No attribute, no child: shared by all elements that have none. */
const NOTHING: readonly never[] = Object.freeze([]);

/** One element of a parsed reply. Names are local names: prefixes were cut, namespace declarations left out. */
export class XmlElement {
  readonly name: string;
  /** Name, value, name, value … in the order sent. */
  readonly attributes: readonly string[];
  /** Direct text, decoded. Text of white space only counts when there is no child element. */
  text = '';
  children: readonly XmlElement[] = NOTHING;
  /** Offsets of the content in the XML it was read from; kept where somebody asks for the content as sent, else −1. */
  contentFrom = -1;
  contentTo = -1;
  /** Its value is a URL that lets whoever has it read on: it differs at each reading. */
  readonly isCapability: boolean;

  constructor(name: string, attributes: readonly string[] = NOTHING, isCapability = false) {
    this.name = name;
    this.attributes = attributes;
    this.isCapability = isCapability;
  }

  append(child: XmlElement): void {
    if (this.children === NOTHING) this.children = [child];
    else (this.children as XmlElement[]).push(child);
  }
}

/** The attribute's value; `null` = absent. */
export function attributeOf(element: XmlElement, name: string): string | null {
  const { attributes } = element;
  for (let i = 0; i < attributes.length; i += 2) if (attributes[i] === name) return attributes[i + 1] ?? null;
  return null;
}

export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  for (const child of element.children) if (child.name === name) return child;
  return undefined;
}

/** The first such child's text; `null` = no such child. */
export function childText(element: XmlElement, name: string): string | null {
  return childOf(element, name)?.text ?? null;
}

/** All text in the element and below it, in document order as far as a parsed element still knows it. */
export function deepText(element: XmlElement): string {
  let text = element.text;
  for (const child of element.children) text += ` ${deepText(child)}`;
  return text;
}
