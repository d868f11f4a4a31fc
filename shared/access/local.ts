import type { Principal } from './roles.ts';
import { roles } from './roles.ts';

/** Whoever works on the machine itself may do everything there. */
export const localPrincipal: Principal = { id: 'local', name: 'local user', roles };
