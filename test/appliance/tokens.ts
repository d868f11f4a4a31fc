import { randomBytes } from 'node:crypto';

/** An account has at most this many valid tokens; one more silently ends the oldest (API guide). */
const tokensPerAccount = 30;

export class Tokens {
  readonly #byAccount = new Map<string, { readonly token: string; readonly expires: number }[]>();

  /** @param now Unix seconds of the appliance, as in every other call */
  issue(accountId: string, now: number, lifeSeconds: number): string {
    const valid = (this.#byAccount.get(accountId) ?? []).filter(({ expires }) => now < expires);
    const token = randomBytes(24).toString('base64url');
    valid.push({ token, expires: now + lifeSeconds });
    this.#byAccount.set(accountId, valid.slice(-tokensPerAccount));
    return token;
  }

  /** The account's id while the token is valid. */
  accountOf(token: string, now: number): string | undefined {
    for (const [accountId, tokens] of this.#byAccount) {
      if (tokens.some((known) => known.token === token && now < known.expires)) return accountId;
    }
    return undefined;
  }

  evictAll(accountId: string): void {
    this.#byAccount.delete(accountId);
  }
}
