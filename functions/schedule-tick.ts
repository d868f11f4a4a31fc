import { app } from '@azure/functions';
import * as df from 'durable-functions';
import { runStarter } from '../shared/schedules/durable-starter.ts';
import { tick } from '../shared/schedules/tick.ts';
import { services } from '../shared/service-provider.ts';
import { tendRuns } from '../shared/transfer/tend-runs.ts';

app.timer('schedule-tick', {
  schedule: '0 * * * * *',
  extraInputs: [df.input.durableClient()],
  handler: async (_timer, context) => {
    const starter = runStarter(df.getClient(context));
    await tick(services(), starter);
    await tendRuns(services(), starter);
  },
});
