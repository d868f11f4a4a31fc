import { Failure } from '../../errors.ts';
import type { FileItem } from '../destination.ts';
import type { FileContext } from './file-context.ts';

/**
 * Storage may let nobody replace or remove a file (an immutability policy or a legal hold on a container of Azure
 * Blob). Overwrite then gives new content a number, as AppendNumber does, and an alarm says so.
 */
export async function withHandling(context: FileContext): Promise<FileContext> {
  if (context.handling !== 'Overwrite') return context;
  const fixed = context.immutable.seen || (await context.store.fixed());
  return fixed ? { ...context, handling: 'AppendNumber', insteadOf: 'Overwrite' } : context;
}

export function isImmutable(error: unknown): boolean {
  return error instanceof Failure && error.code === 'immutable';
}

/** What a person should know of content that got a number because the file it was to replace stays. */
export function immutableAlarm(context: FileContext, item: FileItem, name: string): string | undefined {
  if (context.insteadOf === undefined || name === context.render(item)) return undefined;
  return `${context.render(item)} in ${context.store.where} is immutable and stays; different content was stored as ${name}.`;
}
