import type { SecretStore } from '../settings/secret-store.ts';

/** Shorter ones stand in every other word. */
const LEAST_CHARACTERS = 6;
const MOST_SECRETS = 2000;
const GONE = '***';

const named =
  'client_secret|access_token|refresh_token|id_token|password|passwd|pwd|passphrase|secret|token|sig|signature|accountkey|sharedaccesskey|sharedaccesssignature|api_key|apikey';

/** In the order in which they are applied. */
const patterns: readonly (readonly [RegExp, string])[] = [
  // Of an address the host is enough: its path and query may open what lies there, and may carry a login.
  [/\b(https?|wss?|ftps?):\/\/(?:[^\s/@"']*@)?([^\s/?#"'<>)\]]+)[/?#][^\s"'<>)\]]*/gi, `$1://$2/${GONE}`],
  [/\b(https?|wss?|ftps?):\/\/[^\s/@"']+@/gi, '$1://'],
  [/\b(Bearer|Basic|SharedKey|SharedAccessSignature)\s+[A-Za-z0-9+/=_.~:%-]{6,}/gi, `$1 ${GONE}`],
  [
    new RegExp(`\\b(${named})(\\\\?["'])?(\\s*[=:]\\s*)(?:\\\\?"[^"]*"|\\\\?'[^']*'|[^\\s&;,"'<>)]+)`, 'gi'),
    `$1$2$3${GONE}`,
  ],
  [/\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g, GONE],
];

/**
 * Takes out of a text what must not be kept: addresses but for their host, values with a telling name, tokens, and every
 * secret that was handed out by the stores that it watches, however it is written. The one place for all that is logged.
 */
export class Redactor {
  readonly #secrets = new Map<string, readonly string[]>();

  /** A secret that somebody works with now. */
  learn(secret: string): void {
    if (secret.length < LEAST_CHARACTERS) return;
    const forms = this.#secrets.get(secret) ?? formsOf(secret);
    this.#secrets.delete(secret);
    this.#secrets.set(secret, forms);
    if (this.#secrets.size <= MOST_SECRETS) return;
    const [oldest] = this.#secrets.keys();
    if (oldest !== undefined) this.#secrets.delete(oldest);
  }

  redact(text: string): string {
    let clean = text;
    for (const forms of this.#secrets.values())
      for (const form of forms) if (clean.includes(form)) clean = clean.replaceAll(form, GONE);
    for (const [pattern, replacement] of patterns) clean = clean.replaceAll(pattern, replacement);
    return clean;
  }

  /** The same store; what it hands out or is given is learnt. */
  watch(secrets: SecretStore): SecretStore {
    const { set } = secrets;
    return {
      get: async (name, refused) => {
        const value = await secrets.get(name, refused);
        this.learn(value);
        return value;
      },
      ...(set === undefined
        ? {}
        : {
            set: async (name: string, value: string) => {
              this.learn(value);
              await set.call(secrets, name, value);
            },
          }),
    };
  }
}

/** Longest first, so that no form leaves a part of another. */
function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const base64 = Buffer.from(secret, 'utf8').toString('base64');
  const forms = [
    secret,
    json,
    JSON.stringify(json).slice(1, -1),
    encodeURIComponent(secret),
    encodeURI(secret),
    new URLSearchParams([['', secret]]).toString().slice(1),
    base64,
    base64.replace(/=+$/, ''),
    Buffer.from(secret, 'utf8').toString('base64url'),
  ];
  return [...new Set(forms)].sort((a, b) => b.length - a.length);
}
