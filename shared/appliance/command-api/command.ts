import type { z } from 'zod';
import type { XmlElement } from '../../sessions/xml-element.ts';
import type { Product } from '../appliance.ts';

/**
 * One action of the command API: all that forms, documents, the command line and the client need to know of it. Forms and
 * documents come from `parameters` and `reply`, which have titles, descriptions and limits.
 */
export interface Command<P extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> {
  /** As sent in `action`. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly products: readonly Product[];
  /** What the API account's permission for the command API has to be, at least (API guide). */
  readonly access: 'read_only' | 'full_access';
  /** API version; absent where no source tells. */
  readonly since?: string;
  /** `guide`: API guide 1.16. `vendor page`: the vendor's page of the command. `unverified`: names and shapes are inferred. */
  readonly source: 'guide' | 'vendor page' | 'unverified';
  /** Done twice it has the same effect as done once: it may be sent again after a lost answer. */
  readonly isRepeatable: boolean;
  readonly parameters: P;
  readonly reply: R;
  /** Reads the reply's root element, which is no error. */
  read(root: XmlElement, sent: z.output<P>): z.output<R>;
}

/** Gives a command its exact type. */
export function defineCommand<P extends z.ZodType, R extends z.ZodType, const N extends string>(
  command: Command<P, R> & { readonly name: N },
): Command<P, R> & { readonly name: N } {
  return command;
}
