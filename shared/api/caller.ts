import type { Context } from 'hono';
import type { SettingsAuthor } from '../settings/settings-history.ts';
import type { ApiEnvironment } from './environment.ts';

export function authorOf(
  context: Context<ApiEnvironment>,
  action: SettingsAuthor['action'],
  restored?: number,
): SettingsAuthor {
  const { services } = context.env;
  return { by: nameOf(context), at: services.now(), action, ...(restored === undefined ? {} : { restored }) };
}

/** Who asks, for people. */
export function nameOf(context: Context<ApiEnvironment>): string {
  return context.get('principal')?.name ?? 'nobody';
}
