import type { TableEntity } from '@azure/data-tables';

/**
 * How a value lies in a table row: its JSON in text properties `v0`, `v1` …, since one text property holds at most
 * 32,768 UTF-16 characters. `w` names the write, so that a writer recognises its own row after a lost reply.
 */
const chunkCharacters = 32_000;

export function toTableEntity(
  partition: string,
  key: string,
  text: string,
  write: string,
): TableEntity<Record<string, string>> {
  const chunks: Record<string, string> = {};
  let start = 0;
  for (let index = 0; start < text.length; index += 1) {
    let end = Math.min(start + chunkCharacters, text.length);
    // A pair of surrogates stays in one piece: halves do not survive the way through UTF-8.
    if (end < text.length && /[\uD800-\uDBFF]/.test(text[end - 1] ?? '')) end -= 1;
    chunks[`v${index}`] = text.slice(start, end);
    start = end;
  }
  return { partitionKey: partition, rowKey: key, w: write, ...chunks };
}

export function fromTableEntity<T>(entity: Record<string, unknown>): T {
  let text = '';
  for (let index = 0; typeof entity[`v${index}`] === 'string'; index++) text += entity[`v${index}`];
  return JSON.parse(text) as T;
}
