const MOST_TEXT = 300;

/** What a server said, fit to be shown: one line, not long, and with nothing in it of the secrets that it was sent. */
export function said(text: string, secrets: readonly string[] = []): string {
  let clean = text;
  for (const secret of secrets.flatMap(formsOf)) clean = clean.replaceAll(secret, '***');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to go.
  const line = clean.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
  return line.length > MOST_TEXT ? `${line.slice(0, MOST_TEXT)}…` : line;
}

function formsOf(secret: string): string[] {
  if (secret.length < 3) return [secret].filter((text) => text !== '');
  const json = JSON.stringify(secret).slice(1, -1);
  const base64 = Buffer.from(secret, 'utf8').toString('base64');
  return [...new Set([secret, json, encodeURIComponent(secret), encodeURI(secret), base64])];
}
