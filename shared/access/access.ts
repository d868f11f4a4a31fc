import { Failure } from '../errors.ts';
import type { Principal } from './roles.ts';

/** Says who asks. One for each process, made with its services: nothing that a request says chooses it. */
export interface Access {
  /**
   * Throws `Failure` `unauthenticated` (401) where there is no valid token, `entra-keys-unavailable` (503) where it
   * cannot be told, `setting-missing` (500) where nobody can be let in.
   */
  authenticate(headers: Pick<Headers, 'get'>): Promise<Principal>;
}

/** Lets nobody in, and says why: what an installation has that is not set up. */
export function refusingAccess(why: string): Access {
  return {
    async authenticate() {
      throw new Failure('terminal', 'setting-missing', why);
    },
  };
}

const nobody = refusingAccess('This installation is not told who may use its API, so nobody may.');

/** Of services that say nothing of it: nobody is let in. */
export function accessOf({ access }: { readonly access?: Access }): Access {
  return access ?? nobody;
}

export function unauthenticated(message: string): Failure {
  return new Failure('terminal', 'unauthenticated', message);
}

/** The token of `Authorization: Bearer …`. Throws `Failure` `unauthenticated`. */
export function bearerToken(headers: Pick<Headers, 'get'>, where: string): string {
  const sent = headers.get('authorization');
  if (sent === null) throw unauthenticated(`Send a token, Authorization: Bearer TOKEN. ${where}`);
  const token = /^Bearer +([\x21-\x2b\x2d-\x7e]+) *$/i.exec(sent)?.[1];
  if (token === undefined)
    throw unauthenticated(`The Authorization header is not one Bearer token. ${where}`);
  return token;
}
