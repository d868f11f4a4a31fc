import type { JWTPayload } from 'jose';
import { type Principal, type Role, roles } from './roles.ts';

const MOST_CHARACTERS = 200;

/** Who a verified token is for. Roles that are not ours are left out; a principal may be left without any. */
export function principalOf(claims: JWTPayload): Principal {
  const text = (...names: string[]) => {
    for (const name of names) {
      const value = claims[name];
      if (typeof value === 'string' && value.trim() !== '') return shown(value);
    }
    return undefined;
  };
  // An application has the object id of its service principal.
  const id = text('oid', 'sub', 'appid', 'azp') ?? '';
  const name = text('preferred_username', 'upn', 'unique_name', 'name', 'app_displayname', 'appid', 'azp');
  return { id, name: name ?? id, roles: rolesOf(claims.roles) };
}

function rolesOf(claim: unknown): Role[] {
  return Array.isArray(claim) ? roles.filter((role) => claim.includes(role)) : [];
}

/** Names go into logs, and people choose some of them: one line, of a length that can be read. */
function shown(text: string): string {
  return text
    .replaceAll(/\p{C}+/gu, ' ')
    .trim()
    .slice(0, MOST_CHARACTERS);
}
