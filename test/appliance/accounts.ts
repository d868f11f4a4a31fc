import type { ApiAccount } from './simulated-appliance.ts';

type Product = 'RS' | 'PRA';

/** Permission names of get_api_info. `acount` is how the product spells it (API guide). */
const permissionNames = {
  RS: [
    'perm_backup',
    'perm_command',
    'perm_configuration',
    'perm_configuration_vault_account',
    'perm_ecm',
    'perm_real_time_state',
    'perm_reporting_archive',
    'perm_reporting_license',
    'perm_reporting_presentation',
    'perm_reporting_support',
    'perm_reporting_syslog',
    'perm_reporting_vault',
    'perm_scim',
    'perm_vault_backup',
  ],
  PRA: [
    'perm_backup',
    'perm_command',
    'perm_configuration',
    'perm_configuration_vault_acount',
    'perm_ecm',
    'perm_reporting',
    'perm_reporting_license',
    'perm_reporting_syslog',
    'perm_reporting_vault',
    'perm_vault_backup',
    'perm_scim',
  ],
} as const satisfies Record<Product, readonly string[]>;

/**
 * Every permission the product has, in its order, with the account's values. An account without a list has them
 * all; one with a list has what it names and nothing else.
 */
export function permissionsOf(product: Product, account: ApiAccount): Readonly<Record<string, string>> {
  const granted: Record<string, string> = {};
  for (const name of permissionNames[product]) {
    const command = name === 'perm_command';
    granted[name] = account.permissions
      ? (account.permissions[name] ?? (command ? 'deny' : '0'))
      : command
        ? 'full_access'
        : '1';
  }
  return granted;
}

/** Reports that have a permission of their own; the names for vault and syslog of RS, and syslog of PRA, are unverified. */
const reportPermissions: readonly (readonly [RegExp, string])[] = [
  [/^Presentation/, 'perm_reporting_presentation'],
  [/LicenseUsage$/, 'perm_reporting_license'],
  [/^Vault/, 'perm_reporting_vault'],
  [/^Syslog$/, 'perm_reporting_syslog'],
  [/^Archive/, 'perm_reporting_archive'],
];

export function mayReport(product: Product, account: ApiAccount, report: string): boolean {
  const sessions = product === 'RS' ? 'perm_reporting_support' : 'perm_reporting';
  const own = reportPermissions.find(([name]) => name.test(report))?.[1];
  const granted = permissionsOf(product, account);
  return granted[own !== undefined && own in granted ? own : sessions] === '1';
}

export function mayCommand(product: Product, account: ApiAccount): boolean {
  return permissionsOf(product, account).perm_command !== 'deny';
}

export function mayBackUp(product: Product, account: ApiAccount): boolean {
  return permissionsOf(product, account).perm_backup === '1';
}

export const defaultOAuthAccount = {
  kind: 'oauth',
  id: 'integration-client',
  secret: 'correct-horse-battery-staple',
} as const satisfies ApiAccount;

export const defaultLegacyAccount = {
  kind: 'legacy',
  id: 'integration-user',
  secret: 'legacy-horse-battery-staple',
} as const satisfies ApiAccount;
