import { app } from '@azure/functions';
import * as df from 'durable-functions';
import { runStarter } from '../shared/schedules/durable-starter.ts';
import { tick } from '../shared/schedules/tick.ts';
import { services } from '../shared/service-provider.ts';

app.timer('schedule-tick', {
  schedule: '0 * * * * *',
  extraInputs: [df.input.durableClient()],
  handler: async (_timer, context) => {
    await tick(services(), runStarter(df.getClient(context)));
  },
});
