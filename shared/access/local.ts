import { createHash, timingSafeEqual } from 'node:crypto';
import { type Access, bearerToken, unauthenticated } from './access.ts';
import { type Principal, roles } from './roles.ts';

/** Whoever works on the machine itself may do everything there. */
export const localPrincipal: Principal = { id: 'local', name: 'local user', roles };

const WHERE = 'It is printed at start and in the file api-token of the data folder.';

/** Who knows the one token of this machine's installation may do everything. */
export function localAccess(token: string): Access {
  const wanted = digest(token);
  return {
    async authenticate(headers) {
      // Digests have one length, so that the comparison tells nothing, the length included.
      if (timingSafeEqual(digest(bearerToken(headers, WHERE)), wanted)) return localPrincipal;
      throw unauthenticated(`This is not the token of this installation. ${WHERE}`);
    },
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
