import { userInfo } from 'node:os';
import { localPrincipal } from '../../shared/access/local.ts';
import type { Principal } from '../../shared/access/roles.ts';

/** Whoever works on this machine, by the name that the machine knows. */
export function personHere(): Principal {
  try {
    return { ...localPrincipal, name: userInfo().username };
  } catch {
    // An account without an entry in the machine's list, as in some containers.
    return localPrincipal;
  }
}
