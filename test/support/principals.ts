import { localPrincipal } from '../../shared/access/local.ts';
import type { Principal, Role } from '../../shared/access/roles.ts';

/** For tests in which it does not matter who asks. */
export const asEverybody = async (): Promise<Principal> => localPrincipal;

export function as(...roles: Role[]): () => Promise<Principal> {
  return async () => ({
    id: `id of ${roles.join()}`,
    name: `${roles.join(' and ') || 'no role'} person`,
    roles,
  });
}

export function named(name: string): () => Promise<Principal> {
  return async () => ({ ...localPrincipal, name });
}
