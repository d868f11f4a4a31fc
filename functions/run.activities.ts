import type { InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import { services } from '../shared/service-provider.ts';
import { type ActivityName, activities } from '../shared/transfer/activities.ts';
import { runActivity } from '../shared/transfer/run-activity.ts';

for (const name of Object.keys(activities) as ActivityName[])
  df.app.activity(name, {
    handler: (input: unknown, context: InvocationContext) => {
      const instance = context.triggerMetadata?.instanceId;
      return runActivity(services(), name, input, typeof instance === 'string' ? instance : undefined);
    },
  });
