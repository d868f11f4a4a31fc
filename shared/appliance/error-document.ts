/**
 * Texts known to say "nothing found". All others are errors until the appliance itself has shown otherwise
 * (nothing-found.ts). English, session, vault and archive reports: observed. French: the tail is observed.
 */
const NOTHING_FOUND: readonly RegExp[] = [
  /^no [\w .-]{1,80} matching your chosen criteria is available\.?$/i,
  /^no archives found for the given search criteria\.?$/i,
  /correspondant à vos critères n[’']est disponible\.?$/i,
];

const RECORDING_EXPIRED = /^this recording has expired\b/i;
const INVALID_LSID = /^invalid lsids?\.?$/i;
const BAD_LOGIN = /^(login failed|invalid credentials)\b/i;

export function saysNothingFound(words: string): boolean {
  return NOTHING_FOUND.some((known) => known.test(words));
}

export function saysRecordingExpired(words: string): boolean {
  return RECORDING_EXPIRED.test(words);
}

/** Of one lsid it says that there is no such session; of several, that one of them at least is not known. */
export function saysInvalidLsid(words: string): boolean {
  return INVALID_LSID.test(words);
}

/** Old appliances answer a wrong user name or password with 200 and one of these (observed). */
export function saysBadLogin(words: string): boolean {
  return BAD_LOGIN.test(words);
}

const LONGEST = 200;

/**
 * An appliance's own words, fit to be shown and logged: one line, at most 200 characters, no control characters, no URL
 * (it may be a capability), no long hexadecimal run (it may be a token).
 */
export function shownWords(text: string): string {
  const line = text
    .slice(0, 4000)
    .replace(/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, '[URL]')
    .replace(/\b[0-9a-f]{33,}\b/gi, '[…]')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
    .replace(/[\u0000-\u0020\u007f-\u00a0\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ')
    .trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}
