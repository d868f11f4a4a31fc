/**
 * RFC 3986, section 2.1, as the API guide asks: all but unreserved characters, a space as `%20`. Well-formed text only.
 */
export function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** `name=value&name=value`, in the order given. */
export function encodedPairs(pairs: Iterable<readonly [name: string, value: string]>): string {
  return [...pairs].map(([name, value]) => `${percentEncoded(name)}=${percentEncoded(value)}`).join('&');
}
