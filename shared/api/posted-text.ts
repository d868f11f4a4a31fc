/** What was posted, as text, cut after so many bytes: nothing more of it is read. */
export async function postedText(body: AsyncIterable<Uint8Array> | null, mostBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  if (body !== null)
    for await (const part of body) {
      parts.push(part);
      bytes += part.length;
      if (bytes >= mostBytes) break;
    }
  return Buffer.concat(parts).toString('utf8', 0, mostBytes);
}
