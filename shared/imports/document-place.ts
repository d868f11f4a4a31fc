import type { ReportRoot } from '../appliance/row-parser.ts';
import type { DocumentStart } from './document-start.ts';
import type { SplitPlace } from './split-items.ts';
import type { Tag } from './xml-tokens.ts';

/** Where among the documents of a file, and in which elements outside sessions, is read. */
export class DocumentPlace {
  root: ReportRoot | undefined;
  /** Elements that are open outside sessions, the root included. */
  depth: number;
  /** Documents that have begun. */
  count: number;
  /** The file, or this part of it, is one session without a list around it. */
  #bare = false;
  /** After a broken session its end tags may come. */
  #recovering = false;

  constructor({ at, root }: SplitPlace) {
    this.root = root;
    this.depth = root === undefined ? 0 : 1;
    this.count = at === 0 ? 0 : 1;
  }

  begin(start: DocumentStart): void {
    this.count++;
    if (!('root' in start)) return;
    this.root = start.root;
    this.depth = 1;
    this.#bare = start.kind === 'session';
  }

  /** The start tag of something else than a session, within a document. */
  open({ empty }: Tag): void {
    if (!empty) this.depth++;
  }

  /** False: what ends here had not begun. */
  close({ name }: Tag): boolean {
    if (name === this.root?.name && (this.depth === 1 || this.#recovering)) {
      this.#end();
      this.#recovering = false;
    } else if (this.depth > 1) this.depth--;
    else return this.#recovering;
    return true;
  }

  /** Returns why a session may not stand here. */
  startSession(lsid: string | undefined): string | undefined {
    // Behind a broken one elements may have lost their ends.
    if (this.#recovering && lsid !== undefined) this.depth = 1;
    this.#recovering = false;
    return this.depth > 1 ? 'it stands in an unknown place' : undefined;
  }

  /** Returns the root that it stood in. */
  endSession(): ReportRoot {
    const { root } = this;
    if (root === undefined) throw new Error('a session without a root');
    if (this.#bare) this.#end();
    return root;
  }

  /** Something is broken here: which elements are open is not known any more. */
  recover(): void {
    this.#recovering = true;
  }

  #end(): void {
    this.depth = 0;
    this.root = undefined;
    this.#bare = false;
  }
}
