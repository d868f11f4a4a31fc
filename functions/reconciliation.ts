import type { Task } from 'durable-functions';
import * as df from 'durable-functions';
import { reconcileActivities, runReconcileActivity } from '../shared/reconciliation/activities.ts';
import {
  type ReconcileActivity,
  type ReconcileInput,
  reconcileOrchestration,
} from '../shared/reconciliation/reconcile-orchestration.ts';
import { services } from '../shared/service-provider.ts';

df.app.orchestration('reconcile', function* ({ df: durable }) {
  const steps = reconcileOrchestration(
    {
      activity: (name, input) => durable.callActivity(name, input),
      all: (tasks) => durable.Task.all(tasks as Task[]),
      continueAsNew: (input) => durable.continueAsNew(input),
    },
    durable.getInput<ReconcileInput>() as ReconcileInput,
  );
  return yield* steps as Generator<Task, unknown, unknown>;
});

for (const name of Object.keys(reconcileActivities) as ReconcileActivity[])
  df.app.activity(name, {
    handler: (input: { readonly id: string }) => runReconcileActivity(services(), name, input),
  });
