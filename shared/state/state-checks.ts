import type { Operation } from './state-store.ts';
import { collections } from './state-store.ts';

/**
 * What both adapters hold callers to, so that code which passes on one passes on the other. All of these are mistakes
 * of the program, so they throw RangeError and not Failure.
 */

/** An Azure Table counts text as UTF-16: 900 KB are 460,800 characters of JSON. */
export const maxValueCharacters = 460_800;
/** And as it travels, JSON inside JSON in ASCII, it may have 900 KB. */
export const maxValueBytes = 900_000;
/** A request to an Azure Table may have 4 MiB; the rest is left for its frame. */
export const maxBatchBytes = 3_500_000;
export const maxBatchOperations = 100;
export const maxPageEntries = 1_000;

export function checkCollection(collection: string): void {
  if (!(collections as readonly string[]).includes(collection)) {
    throw new RangeError(`There is no collection "${collection}".`);
  }
}

export function checkPart(what: 'partition' | 'key', text: string): void {
  if (text.length < 1 || text.length > 512 || !/^[A-Za-z0-9\-_.:~|@+=*,!]*$/.test(text)) {
    throw new RangeError(
      `A state ${what} has 1 to 512 characters of the allowed set; make it with stateKey.`,
    );
  }
}

/** The value as the JSON text that is kept. */
export function encodeValue(value: unknown): string {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new RangeError('A state value must be something JSON can hold.');
  if (text.length > maxValueCharacters) {
    throw new RangeError(
      `A state value has at most ${maxValueCharacters} characters; this has ${text.length}.`,
    );
  }
  // No character travels as more than 6 bytes, so only long values need a count.
  if (text.length * 6 > maxValueBytes && travelBytes(text) > maxValueBytes) {
    throw new RangeError(`A state value has at most ${maxValueBytes} bytes as it travels.`);
  }
  return text;
}

/** Whether a value is beyond what can be kept. For values that users make: these get a line of their own. */
export function isTooLarge(value: unknown): boolean {
  try {
    encodeValue(value);
    return false;
  } catch (error) {
    if (error instanceof RangeError) return true;
    throw error;
  }
}

export function checkBatch(operations: readonly Operation[]): void {
  if (operations.length < 1 || operations.length > maxBatchOperations) {
    throw new RangeError(`A batch has 1 to ${maxBatchOperations} operations; this has ${operations.length}.`);
  }
  const keys = new Set<string>();
  let bytes = 0;
  for (const operation of operations) {
    checkPart('key', operation.key);
    if (keys.has(operation.key)) throw new RangeError('A batch names each key once.');
    keys.add(operation.key);
    if (operation.op !== 'remove') bytes += travelBytes(encodeValue(operation.value));
  }
  if (bytes > maxBatchBytes) {
    throw new RangeError(`A batch has at most ${maxBatchBytes} bytes of values; this has ${bytes}.`);
  }
}

function travelBytes(text: string): number {
  return toAscii(JSON.stringify(text)).length;
}

/** The same JSON with every other character escaped. */
export function toAscii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function pageLimit(limit: number | undefined): number {
  const wanted = limit ?? maxPageEntries;
  if (!Number.isInteger(wanted) || wanted < 1) throw new RangeError('A page has at least one entry.');
  return Math.min(wanted, maxPageEntries);
}
