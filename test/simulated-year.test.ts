import { test } from 'node:test';
import { tellApart } from './year/apart.ts';

test('a year at 02:30 with daylight saving: every due instant has its run, and everything is stored once', (t) =>
  tellApart(t, './tell-year.ts'));
