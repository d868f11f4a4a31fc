import * as df from 'durable-functions';
import { services } from '../shared/service-provider.ts';
import { type ActivityName, activities } from '../shared/transfer/activities.ts';

for (const name of Object.keys(activities) as ActivityName[]) {
  const activity = activities[name] as (at: ReturnType<typeof services>, input: unknown) => Promise<unknown>;
  df.app.activity(name, { handler: (input: unknown) => activity(services(), input) });
}
