import { createHash } from 'node:crypto';

/**
 * Makes text from an appliance safe in a file name on Windows, Linux, macOS, Azure Files and Azure Blob. Text that had
 * to be changed ends with `~` and 16 hex digits of its SHA-256, so that texts which differ give names which differ.
 */

/** Stands for a value that is absent or empty. */
export const emptyValue = 'none';

// Control and format characters, halves of surrogate pairs, private and unassigned ones, line separators: none of
// them shows, some are refused, and some turn the reading direction around (`fdp.exe` shown as `exe.pdf`).
const forbidden = /[<>:"/\\|?*]|\p{C}|\p{Zl}|\p{Zp}/gu;
const marked = /~[0-9a-f]{16}/i;
const reserved = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])$/i;
/** Longer values are shortened before they are put together. */
const maxValueBytes = 200;

function mark(text: string): string {
  return `~${createHash('sha256').update(text, 'utf16le').digest('hex').slice(0, 16)}`;
}

/** A replacement value as it goes into a name: one component's worth of text, never empty. */
export function safeValue(raw: string | undefined): string {
  const text = (raw ?? '').normalize('NFC');
  if (text === '') return emptyValue;
  const clean = text.replace(forbidden, '_');
  // What looks like a mark or like the empty value gets a mark of its own, or one could be passed off as the other.
  const changed = clean !== text || marked.test(text) || text.toLowerCase() === emptyValue;
  if (!changed && Buffer.byteLength(text) <= maxValueBytes) return text;
  return `${cutToBytes(clean, maxValueBytes - 17)}${mark(text)}`;
}

/** A whole component (folder or file name) within `maxBytes` of UTF-8, at least 40; an extension is kept. */
export function safeComponent(text: string, maxBytes: number): string {
  const name = text.normalize('NFC');
  let clean = name.replace(forbidden, '_').replace(/[. ]+$/u, '');
  clean = clean.replace(/^[. ]+/u, '_');
  const stem = clean.split('.', 1)[0]?.trimEnd() ?? '';
  const changed = clean !== name || clean === '' || reserved.test(stem);
  if (!changed && Buffer.byteLength(clean) <= maxBytes) return clean;
  const [base, extension] = splitExtension(clean);
  // A reserved stem must not stand before the first full stop: the mark goes right behind it.
  const [head, rest] = reserved.test(stem) ? [stem, base.slice(stem.length)] : [base, ''];
  const room = maxBytes - 17 - Buffer.byteLength(extension);
  const kept = cutToBytes(head, room);
  const tail = cutToBytes(rest, room - Buffer.byteLength(kept));
  return `${kept}${mark(name)}${tail}${extension}`.replace(/[. ]+$/u, '');
}

/** The name and, from its last full stop on, its extension; an extension that is none is left with the name. */
function splitExtension(name: string): [base: string, extension: string] {
  const at = name.lastIndexOf('.');
  if (at <= 0 || Buffer.byteLength(name.slice(at)) > 17) return [name, ''];
  return [name.slice(0, at), name.slice(at)];
}

/** The longest beginning of the text within so many bytes of UTF-8, cut between characters. */
function cutToBytes(text: string, maxBytes: number): string {
  let bytes = 0;
  let out = '';
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    out += character;
  }
  return out;
}

/** Names that count as the same: Windows, macOS and Azure Files do not tell capitals apart. */
export function foldName(name: string): string {
  return name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
}
