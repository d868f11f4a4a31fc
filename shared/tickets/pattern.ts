/**
 * Whether the text fits a pattern: `*` any text, `?` one character, `#` one digit; case does not matter. No regular
 * expression: it takes pattern × text steps at most, whatever either of them is.
 */
export function fits(pattern: string, text: string): boolean {
  const signs = [...pattern.toLowerCase()];
  const letters = [...text.toLowerCase()];
  let sign = 0;
  let letter = 0;
  /** The last star, and the first letter that it does not take yet. */
  let star = -1;
  let left = 0;
  while (letter < letters.length) {
    const wanted = signs[sign];
    if (wanted === '*') {
      star = sign++;
      left = letter;
    } else if (wanted !== undefined && takes(wanted, letters[letter] ?? '')) {
      sign++;
      letter++;
    } else if (star >= 0) {
      sign = star + 1;
      letter = ++left;
    } else return false;
  }
  while (signs[sign] === '*') sign++;
  return sign === signs.length;
}

function takes(sign: string, letter: string): boolean {
  return sign === '?' || sign === letter || (sign === '#' && letter >= '0' && letter <= '9');
}
