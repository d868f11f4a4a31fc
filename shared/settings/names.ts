import { z } from 'zod';

/** Ids become parts of keys, instance ids and blob names. */
export const slug = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, 'use lower-case letters, digits and hyphens, at most 40');

/** Key Vault's form of a name. */
export const bareSecretName = /^[A-Za-z0-9-]{1,127}$/;

/** Secrets are named in settings, never copied. The form is Key Vault's, with a version where it is to be that one. */
export const secretName = z
  .string()
  .regex(
    /^[A-Za-z0-9-]{1,127}(\/[0-9a-f]{32})?$/,
    'a secret name has letters, digits and hyphens only; a version of Key Vault may follow a slash',
  )
  .meta({
    title: 'Secret name',
    description: 'The name under which the secret is stored, not the secret itself. NAME, or NAME/VERSION.',
  });
