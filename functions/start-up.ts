import { app } from '@azure/functions';
import { flushLogs, prepareServices } from '../shared/service-provider.ts';

app.hook.appStart(() => prepareServices());
app.hook.appTerminate(() => flushLogs());
