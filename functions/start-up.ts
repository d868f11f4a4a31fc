import { app } from '@azure/functions';
import { prepareServices } from '../shared/service-provider.ts';

app.hook.appStart(() => prepareServices());
