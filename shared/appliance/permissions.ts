import type { ApplianceInfo } from './appliance.ts';

/** Whether the API account may do what the product needs. `unknown`: only trying tells. */
export interface PermissionReport {
  readonly reporting: PermissionState;
  /** "View session recordings" is no permission of get_api_info: it shows when a recording is fetched. */
  readonly recordings: PermissionState;
  readonly backup: PermissionState;
  /** Wanted for the appliance's clock; without it the Date header is used. */
  readonly command: PermissionState;
}

export type PermissionState = 'granted' | 'missing' | 'unknown';

/** For "Test credentials": what get_api_info's permissions say. */
export function checkPermissions({ product, permissions }: ApplianceInfo): PermissionReport {
  if (permissions === undefined) {
    return { reporting: 'unknown', recordings: 'unknown', backup: 'unknown', command: 'missing' };
  }
  const state = (name: string): PermissionState => {
    const value = Object.hasOwn(permissions, name) ? permissions[name] : undefined;
    if (value === undefined) return 'unknown';
    return /^(0|false|no|deny|denied|)$/i.test(value) ? 'missing' : 'granted';
  };
  return {
    reporting: state(product === 'RS' ? 'perm_reporting_support' : 'perm_reporting'),
    recordings: 'unknown',
    backup: state('perm_backup'),
    command: state('perm_command'),
  };
}
