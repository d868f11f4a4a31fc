/** What is worked out once for each element or attribute name of a report. */
export interface ElementName {
  /** With its prefix. */
  readonly sent: string;
  /** The name without its prefix; one string for all elements of the name, so that comparing it is cheap. */
  readonly local: string;
  /** `xmlns` and `xmlns:…`. */
  readonly isNamespace: boolean;
  /** Local name ends in `_url`: its value is a capability that differs at each reading. */
  readonly isUrl: boolean;
  /** Start of an element, and of an attribute, in the canonical form. */
  readonly opening: string;
  readonly attribute: string;
}

const SLOTS = 4096;

/**
 * Names of one report. A name's slot is found by its length and three of its letters: quicker than a map, which would
 * hash the whole of each name first. Names of one slot take turns in it, so that an appliance that sends any number of
 * names does not grow it.
 */
export class ElementNames {
  readonly #slots: (ElementName | undefined)[] = new Array(SLOTS).fill(undefined);

  get(name: string): ElementName {
    const { length } = name;
    const letters =
      name.charCodeAt(0) * 37 + name.charCodeAt(length >> 1) * 1033 + name.charCodeAt(length - 1) * 151;
    const slot = (letters + length * 409) & (SLOTS - 1);
    const known = this.#slots[slot];
    if (known !== undefined && known.sent === name) return known;
    const made = describe(name);
    this.#slots[slot] = made;
    return made;
  }
}

function describe(slice: string): ElementName {
  // A copy: a slice would keep the whole chunk it was cut from in memory.
  const sent = Buffer.from(slice).toString();
  const local = internalized(sent.slice(sent.indexOf(':') + 1));
  return {
    sent,
    local,
    isNamespace: sent === 'xmlns' || sent.startsWith('xmlns:'),
    isUrl: local.endsWith('_url'),
    opening: `\u0001${local}`,
    attribute: `\u0002${local}\u0003`,
  };
}

/** The same text as a property key: the engine compares two of these, and literals, by their address alone. */
function internalized(text: string): string {
  return Object.keys({ [text]: true })[0] ?? text;
}
