import { scheduleSchema } from '../settings/schedule.ts';
import type { Operation } from './operation.ts';
import { partOperations } from './settings-parts.ts';

/** What schedules are made of; how they stand: schedules.ts. */
export const scheduleSettingOperations: readonly Operation[] = partOperations({
  list: 'schedules',
  name: 'Schedule',
  schema: scheduleSchema,
  tag: 'Schedules',
  readAt: '/settings',
});
