import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { Failure } from '../errors.ts';
import type { SecretStore } from '../settings/secrets.ts';
import type { TicketApproval } from '../settings/ticket-approval.ts';
import type { Asker } from './audit-ticket.ts';

const LEAST_CHARACTERS = 32;

/** What is kept of a request while it waits, encrypted: nothing of it may be read in the state. */
export interface Sealed {
  readonly requestId: string;
  /** As long as it is to be forwarded. */
  readonly ticketId?: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** Of the decision. */
  readonly message?: string;
  readonly custom?: Readonly<Record<string, string>>;
  /** For the audit log. */
  readonly asker: Asker;
}

/** The two keys that are made from the secret of the settings. */
export interface TicketKeys {
  /** 32 hexadecimal digits, by which a request or a ticket is known. */
  hash(what: 'request' | 'ticket', ...parts: readonly string[]): string;
  seal(id: string, sealed: Sealed): string;
  /** Throws terminal `ticket-key-changed`. */
  open(id: string, text: string): Sealed;
}

/** Throws terminal `ticket-key-short`, and what the store of secrets throws. */
export async function ticketKeys(
  secrets: SecretStore,
  { keySecret }: TicketApproval,
  refused?: string,
): Promise<TicketKeys & { readonly value: string }> {
  const value = await secrets.get(keySecret, refused);
  if (value.length < LEAST_CHARACTERS)
    throw new Failure(
      'terminal',
      'ticket-key-short',
      `The secret "${keySecret}" is the key of ticket approval and has less than ${LEAST_CHARACTERS} characters; set a longer one.`,
    );
  const key = (use: string) => Buffer.from(hkdfSync('sha256', value, '', `ticket approval: ${use}`, 32));
  const hashKey = key('hash');
  const sealKey = key('seal');
  return {
    value,
    hash: (what, ...parts) =>
      createHmac('sha256', hashKey)
        .update(JSON.stringify([what, ...parts]))
        .digest('hex')
        .slice(0, 32),
    seal(id, sealed) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', sealKey, nonce).setAAD(Buffer.from(id));
      const text = Buffer.concat([cipher.update(JSON.stringify(sealed), 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64');
    },
    open(id, text) {
      const bytes = Buffer.from(text, 'base64');
      try {
        const cipher = createDecipheriv('aes-256-gcm', sealKey, bytes.subarray(0, 12)).setAAD(
          Buffer.from(id),
        );
        cipher.setAuthTag(bytes.subarray(12, 28));
        const plain = Buffer.concat([cipher.update(bytes.subarray(28)), cipher.final()]);
        return JSON.parse(plain.toString('utf8')) as Sealed;
      } catch (error) {
        throw new Failure(
          'terminal',
          'ticket-key-changed',
          `A request for approval cannot be read: the secret "${keySecret}" was changed while it waited.`,
          { cause: error },
        );
      }
    },
  };
}
