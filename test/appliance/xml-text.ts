/** How one and the same text is written. What a reader decodes is the text, whatever the style. */
export type TextStyle = 'entities' | 'numeric' | 'cdata' | 'crlf-lines';

/** XML text content. CR is always a reference: sent raw, XML would make it a line feed. */
export function xmlText(text: string, style: TextStyle = 'entities'): string {
  switch (style) {
    case 'numeric':
      return text.replace(
        /[&<>"'\r]|[^\0-\x7f]/gu,
        (character) => `&#x${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()};`,
      );
    case 'cdata':
      if (text.includes('\r')) return xmlText(text);
      return `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
    case 'crlf-lines':
      // A raw CRLF is read as one line feed (XML 1.0, 2.11), which is what the text has here.
      return xmlText(text).replaceAll('\n', '\r\n');
    case 'entities':
      if (!/[&<>\r]/.test(text)) return text;
      return text
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('\r', '&#13;');
  }
}

/** The content of an attribute in double quotes. Line ends and tabs are references, or they would become spaces. */
export function xmlAttribute(text: string): string {
  if (!/[&<"\t\n\r]/.test(text)) return text;
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\t', '&#9;')
    .replaceAll('\n', '&#10;')
    .replaceAll('\r', '&#xD;');
}

export function isoTime(unixSeconds: number): string {
  return `${new Date(unixSeconds * 1000).toISOString().slice(0, 19)}+00:00`;
}

/** `HH:MM:SS`, with hours beyond 24 where it took that long. */
export function clockDuration(seconds: number): string {
  const two = (part: number) => String(part).padStart(2, '0');
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
