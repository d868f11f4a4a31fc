import type { ApplianceClock } from './simulated-appliance.ts';

/** Starts at the real time and runs at its pace until told otherwise. `now()` gives whole seconds. */
export function createClock(): ApplianceClock {
  let base = Date.now() / 1000;
  let since = performance.now();
  let pace = 1;
  const exact = () => base + ((performance.now() - since) / 1000) * pace;
  const rebase = (seconds: number) => {
    base = seconds;
    since = performance.now();
  };
  return {
    now: () => Math.floor(exact()),
    rate(rate) {
      rebase(exact());
      pace = rate;
    },
    jump(seconds) {
      rebase(exact() + seconds);
    },
    set(unixSeconds) {
      rebase(unixSeconds);
    },
  };
}
