import { test } from 'node:test';
import { tellApart } from './year/apart.ts';

test('a week with a run every minute: in the end everything is stored once, and no gap was silent', (t) =>
  tellApart(t, './tell-week.ts'));
