import { z } from 'zod';
import { Failure } from '../../errors.ts';
import { timeOf, wholeNumber } from '../../sessions/read-values.ts';
import { attributeOf, childOf, childText, type XmlElement } from '../../sessions/xml-element.ts';

export const nullableText = (description: string) => z.string().nullable().meta({ description });
export const nullableNumber = (description: string) => z.int().nullable().meta({ description });
export const nullableFlag = (description: string) => z.boolean().nullable().meta({ description });
/** Unix seconds. */
export const nullableTime = (description: string) =>
  z
    .int()
    .nullable()
    .meta({ description: `${description} Unix seconds, the appliance's clock.` });

export const doneReply = z.object({
  message: z.string().meta({ description: "The appliance's own words, in its language." }),
});

/** `<success>` with words in it, or none (API guide). */
export function readDone(root: XmlElement): z.output<typeof doneReply> {
  const success = root.name === 'success' ? root : childOf(root, 'success');
  if (success === undefined)
    throw new Failure('transient', 'malformed-reply', 'The answer tells neither success nor an error.');
  return { message: success.text.trim() };
}

/** A child's text; blank and absent are `null`. */
export function textOf(element: XmlElement, name: string): string | null {
  const text = childText(element, name)?.trim() ?? '';
  return text === '' ? null : text;
}

export function attribute(element: XmlElement | undefined, name: string): string | null {
  const text = element === undefined ? '' : (attributeOf(element, name)?.trim() ?? '');
  return text === '' ? null : text;
}

/** From `@timestamp` or `@ts`, else the ISO text. */
export function timeIn(element: XmlElement, name: string): number | null {
  const child = childOf(element, name);
  return child === undefined ? null : timeOf(child);
}

export const countIn = (element: XmlElement, name: string): number | null =>
  wholeNumber(textOf(element, name));

/** Seconds away from UTC, negative to the west. */
export function signedNumber(text: string | null): number | null {
  return text !== null && /^[+-]?\d{1,9}$/.test(text) ? Number(text) : null;
}

export function childrenNamed(element: XmlElement | undefined, ...names: string[]): XmlElement[] {
  return (element?.children ?? []).filter(({ name }) => names.includes(name));
}

/** The list with this name: the reply's root, or a child of it. Anything else is no answer to the command. */
export function listNamed(root: XmlElement, name: string): XmlElement {
  const list = root.name === name ? root : childOf(root, name);
  if (list !== undefined) return list;
  throw new Failure('transient', 'malformed-reply', `The answer has no ${name}.`);
}
