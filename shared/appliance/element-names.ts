/** What is worked out once for each element or attribute name of a report. */
export interface ElementName {
  /** The name without its prefix; one string for all elements of the name, so that comparing it is cheap. */
  readonly local: string;
  /** `xmlns` and `xmlns:…`. */
  readonly isNamespace: boolean;
  /** Local name ends in `_url`: its value is a capability that differs at each reading. */
  readonly isUrl: boolean;
  /** Start of an element in the canonical form. */
  readonly opening: string;
}

const MOST_KEPT = 2000;

/** Names of one report. Bounded, since an appliance may send any. */
export class ElementNames {
  readonly #known = new Map<string, ElementName>();

  get(name: string): ElementName {
    return this.#known.get(name) ?? this.#add(name);
  }

  #add(sent: string): ElementName {
    // A copy: a slice would keep the whole chunk it was cut from in memory.
    const name = Buffer.from(sent).toString();
    const colon = name.indexOf(':');
    const local = colon < 0 ? name : name.slice(colon + 1);
    const made: ElementName = {
      local,
      isNamespace: name === 'xmlns' || name.startsWith('xmlns:'),
      isUrl: local.endsWith('_url'),
      opening: `\u0001${local}`,
    };
    if (this.#known.size < MOST_KEPT) this.#known.set(name, made);
    return made;
  }
}
