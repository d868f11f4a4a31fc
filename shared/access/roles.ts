/**
 * Who may do what. Each operation names the one role it asks for. Everybody with a role may read status; nobody sees
 * stored content by another role, so that who runs the installation need not be who may view evidence.
 */
export const roles = ['Reader', 'EvidenceViewer', 'Operator', 'Administrator'] as const;

export type Role = (typeof roles)[number];

/** What a role of a token brings with it. */
const includes: Readonly<Record<Role, readonly Role[]>> = {
  Reader: ['Reader'],
  EvidenceViewer: ['Reader', 'EvidenceViewer'],
  Operator: ['Reader', 'Operator'],
  Administrator: ['Reader', 'Operator', 'Administrator'],
};

export function mayAs(held: readonly Role[], asked: Role): boolean {
  return held.some((role) => includes[role].includes(asked));
}

/** Who asks. */
export interface Principal {
  /** Stable: the object id of Entra ID, or `local`. */
  readonly id: string;
  /** For people: user name or application name. No secret. */
  readonly name: string;
  readonly roles: readonly Role[];
}
