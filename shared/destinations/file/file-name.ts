import { Failure } from '../../errors.ts';
import type { FileNameValues, ReplacementName } from '../destination.ts';
import { foldName, safeComponent, safeValue } from './safe-name.ts';

/** Default of the Integration Client guide. */
export const defaultFileNameFormat = '%SUPPORT_SITE_HOST%-%SESSION_TYPE%-%LSID%.%EXTENSION%';
/** The default where one session can have several files of a kind. */
export const defaultInstanceFormat = '%SUPPORT_SITE_HOST%-%SESSION_TYPE%-%LSID%.%INSTANCE%.%EXTENSION%';

export const replacementNames: readonly ReplacementName[] = [
  'LSEQ',
  'LSID',
  'EXTERNAL_KEY',
  'SESSION_TYPE',
  'SUPPORT_SITE_HOST',
  'INSTANCE',
  'EXTENSION',
];

/** A parsed File Name Format: for each folder and the file itself, its text and values in order. */
export interface FileNameFormat {
  readonly components: readonly (readonly FormatPart[])[];
}
type FormatPart = { readonly text: string } | { readonly value: ReplacementName };

const maxFormatLength = 400;
const maxComponents = 8;
/** Of the 255 bytes a component may have, 15 stay free for the number of AppendNumber. */
const maxComponentBytes = 240;
/** All components together: Azure Blob allows 1,024 characters, a prefix included. */
const maxNameBytes = 720;

/**
 * Parses a File Name Format. `/` makes folders. Values are written `%NAME%`, upper case and underscore only (IC guide).
 *
 * @throws Failure `terminal`, `file-name-format`, with the position of the mistake counted from 1
 */
export function parseFileNameFormat(format: string): FileNameFormat {
  if (format === '') throw refuse(1, 'it is empty');
  if (format.length > maxFormatLength) {
    throw refuse(maxFormatLength + 1, `it has more than ${maxFormatLength} characters`);
  }
  const components: FormatPart[][] = [[]];
  for (let at = 0; at < format.length; ) {
    const character = format[at] ?? '';
    if (character === '%') {
      const end = format.indexOf('%', at + 1);
      if (end < 0) throw refuse(at + 1, 'a "%" is not closed');
      components.at(-1)?.push({ value: replacementName(format.slice(at + 1, end), at + 1) });
      at = end + 1;
      continue;
    }
    if (character === '/') {
      checkComponent(components.at(-1) ?? [], at);
      components.push([]);
      at += 1;
      continue;
    }
    if (character === '\\') throw refuse(at + 1, 'folders are parted by "/", not "\\"');
    if (/[<>:"|?*]|\p{Cc}/u.test(character)) throw refuse(at + 1, 'this character cannot be in a file name');
    components.at(-1)?.push({ text: character });
    at += 1;
  }
  checkComponent(components.at(-1) ?? [], format.length);
  if (components.length > maxComponents)
    throw refuse(format.length, `it has more than ${maxComponents - 1} folders`);
  return { components };
}

function replacementName(name: string, position: number): ReplacementName {
  const known = replacementNames.find((candidate) => candidate === name);
  if (known !== undefined) return known;
  const meant = replacementNames.find((candidate) => candidate === name.toUpperCase());
  if (meant !== undefined) throw refuse(position, `write %${meant}% in upper case`);
  throw refuse(
    position,
    `%${name}% is not a replacement value; there are %${replacementNames.join('%, %')}%`,
  );
}

function checkComponent(parts: readonly FormatPart[], end: number): void {
  if (parts.length === 0) throw refuse(end + 1, 'a folder or file has no name');
  const text = parts.map((part) => ('text' in part ? part.text : 'x')).join('');
  if (/^[. ]/u.test(text)) throw refuse(end - text.length + 1, 'no name may begin with a full stop or space');
  if (/[. ]$/u.test(text)) throw refuse(end, 'no name may end with a full stop or space');
}

function refuse(position: number, reason: string): Failure {
  return new Failure('terminal', 'file-name-format', `File Name Format, character ${position}: ${reason}.`);
}

/** Which values a format uses. */
export function usedValues(format: FileNameFormat): ReadonlySet<ReplacementName> {
  return new Set(format.components.flat().flatMap((part) => ('value' in part ? [part.value] : [])));
}

/**
 * The name for these values, folders parted by `/`, safe whatever the values are: see safe-name.ts. A value that is
 * absent or empty is written `none`.
 */
export function renderFileName(format: FileNameFormat, values: FileNameValues): string {
  const room = Math.min(maxComponentBytes, Math.floor(maxNameBytes / format.components.length));
  return format.components
    .map((parts) =>
      parts.map((part) => ('text' in part ? part.text : safeValue(values[part.value]))).join(''),
    )
    .map((component) => safeComponent(component, room))
    .join('/');
}

/** Pairs of samples (by index) that the format gives one name: a format that cannot tell data types apart. */
export function findCollisions(
  format: FileNameFormat,
  samples: readonly FileNameValues[],
): readonly (readonly [number, number])[] {
  return sameNames(samples.map((values) => renderFileName(format, values)));
}

/** Pairs of names (by index) that are one to stores which ignore case. */
export function sameNames(rendered: readonly string[]): readonly (readonly [number, number])[] {
  const names = rendered.map(foldName);
  return names.flatMap((name, i) =>
    names.slice(i + 1).flatMap((other, j) => (other === name ? [[i, i + 1 + j] as const] : [])),
  );
}
