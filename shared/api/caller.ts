import type { Context } from 'hono';
import type { SettingsAuthor } from '../settings/settings-history.ts';
import type { ApiEnvironment } from './environment.ts';

/**
 * Who asks, where the platform knows. App Service Authentication puts the name into a header and takes away one that
 * was sent from outside; without it the header says nothing, and is not read.
 */
export function callerOf(
  headers: { get(name: string): string | null },
  environment: NodeJS.ProcessEnv,
): string | undefined {
  if (environment.WEBSITE_AUTH_ENABLED?.toLowerCase() !== 'true') return undefined;
  return headers.get('x-ms-client-principal-name')?.slice(0, 200) || undefined;
}

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
