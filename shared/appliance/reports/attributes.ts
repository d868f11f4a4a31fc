/**
 * An attribute of a start tag; `null` = absent.
 * @param attributes name, value, name, value …
 */
export function attributeIn(attributes: readonly string[] | undefined, name: string): string | null {
  if (attributes === undefined) return null;
  for (let i = 0; i < attributes.length; i += 2) {
    // A copy: a slice would keep the whole chunk it was cut from.
    if (attributes[i] === name) return Buffer.from(attributes[i + 1] ?? '').toString();
  }
  return null;
}
