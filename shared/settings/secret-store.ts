import { Failure } from '../errors.ts';

/** Where the values of secrets are, which settings only name. */
export interface SecretStore {
  /**
   * @param name Key Vault's form, with a version if it is to be that one: `name` or `name/version`
   * @param refused a value that was refused where it was used: a store that remembers values reads anew
   * Throws `Failure` `secret-missing` that names the secret and where it was looked for.
   */
  get(name: string, refused?: string): Promise<string>;
  /** Sets the value, a new version where there are versions. Absent where secrets can only be read. */
  set?(name: string, value: string): Promise<void>;
}

export function missing(name: string, where: string): Failure {
  return new Failure('terminal', 'secret-missing', `The secret "${name}" is not in ${where}; put it there.`);
}
