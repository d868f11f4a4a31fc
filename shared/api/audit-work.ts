import type { Context } from 'hono';
import { appendAudit, audited } from '../access/audit-log.ts';
import { reportFailure } from '../errors.ts';
import type { SettingsChange } from '../settings/settings-changes.ts';
import { nameOf } from './caller.ts';
import type { ApiEnvironment } from './environment.ts';
import type { Operation } from './operation.ts';
import { problemOf } from './problem.ts';

type Kind = 'change' | 'download' | 'none';

export function auditKind({ audit, method }: Pick<Operation, 'audit' | 'method'>): Kind {
  return audit ?? (method === 'get' ? 'none' : 'change');
}

/** Does the work of an operation, entered into the audit log before it and after it. Its answer is as it was. */
export async function auditedAnswer(
  context: Context<ApiEnvironment>,
  operation: Operation,
  work: () => Response | Promise<Response>,
): Promise<Response> {
  const kind = auditKind(operation);
  const principal = context.get('principal');
  if (kind === 'none' || !principal) return work();
  const asked = { principal, operation: operation.id, kind, target: targetOf(context) };
  return audited(context.env.services, asked, async (note) => {
    context.set('note', note);
    try {
      const answer = await work();
      const { status } = answer;
      const made = answer.headers.get('location');
      note({ status, ...(made === null ? {} : { made: made.slice(0, 200) }) });
      if (status >= 400) note({ outcome: 'failed' });
      return answer;
    } catch (error) {
      const { status, code } = problemOf(error);
      note({ outcome: 'failed', status, code });
      throw error;
    }
  });
}

/** What somebody may not do stays undone whether it can be entered or not. */
export async function auditRefusal(context: Context<ApiEnvironment>, operation: Operation): Promise<void> {
  const kind = auditKind(operation);
  const principal = context.get('principal');
  if (kind === 'none' || !principal) return;
  const { services } = context.env;
  // Of what was not looked at, the path alone.
  const line = { principal, operation: operation.id, kind, target: context.req.param() };
  try {
    await appendAudit(services, { ...line, outcome: 'refused', status: 403 });
  } catch (error) {
    const { code } = reportFailure(error);
    services.log.error('A refusal is missing in the audit log', {
      operation: operation.id,
      by: nameOf(context),
      code,
    });
  }
}

/** Adds the changed places to the entry of what is being done; values are in the settings' history. */
export function noteChanges(context: Context<ApiEnvironment>, changes: readonly SettingsChange[]): void {
  context.get('note')?.({ changes: changes.map(({ path }) => path) });
}

/** By now the query holds nothing that the operation does not know. */
function targetOf(context: Context<ApiEnvironment>): Record<string, string> {
  return { ...Object.fromEntries(new URL(context.req.url).searchParams), ...context.req.param() };
}
