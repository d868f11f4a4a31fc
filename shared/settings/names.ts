import { z } from 'zod';

/** Ids become parts of keys, instance ids and blob names. */
export const slug = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, 'use lower-case letters, digits and hyphens, at most 40');

/** Secrets are named in settings, never copied. The form is Key Vault's. */
export const secretName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,127}$/, 'a secret name has letters, digits and hyphens only')
  .meta({ title: 'Secret name' });
