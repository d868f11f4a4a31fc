import type { Product, SessionSelector, SessionWindow, TimeWindow } from './appliance.ts';
import type { Ask, NothingFoundProof } from './nothing-found.ts';
import { listingQuestion, type ReportQuestion, sessionQuestion } from './report-questions.ts';
import type { Reporting } from './reporting.ts';
import { readSessionListing } from './session-listing.ts';

/** Nothing was on any appliance in this second of 1970. */
const IMPOSSIBLE = { from: 1, to: 2 } as const;
const ARCHIVE_DAYS = 7;
const UNSHOWN =
  'it had no rows in the last 90 days to compare with; if it does mean that, put the text into the site’s settings';
const LOOK_BACK = 90 * 24 * 3600;

/** For the session report and its listing: each vouches for the other. */
export function sessionProof(
  reporting: Reporting,
  product: Product,
  selector: SessionSelector,
  asked: 'sessions' | 'listing',
): NothingFoundProof {
  const by = selector.by === 'lsids' ? 'end_time' : selector.by;
  const [own, other] =
    asked === 'listing' ? [listingQuestion, sessionQuestion] : [sessionQuestion, listingQuestion];
  return {
    control: own(product, { by, ...IMPOSSIBLE }),
    ...(selector.by === 'lsids' ? {} : { other: other(product, selector) }),
    unshown: 'no other session could be read to compare with',
    works: (ask, now, signal) => sessionsWork(reporting, product, ask, now, signal),
  };
}

async function sessionsWork(
  reporting: Reporting,
  product: Product,
  ask: Ask,
  now: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const window: SessionWindow = { by: 'start_time', ...lastDays(now) };
  const listing = await reporting.ask(listingQuestion(product, window), signal);
  if (listing.kind !== 'rows') return false;
  // One row is enough; ending the loop ends the connection.
  for await (const { lsid } of readSessionListing(listing.body)) {
    return (await ask(sessionQuestion(product, { by: 'lsids', lsids: [lsid] }))).kind === 'rows';
  }
  return false;
}

/**
 * For a report that nothing else vouches for: its own rows of the last 90 days do. One that had none in all that time
 * cannot show its text, which then has to stand in the site's settings.
 * @param other a report that would have rows for the question's window
 */
export function windowProof(
  questionFor: (window: TimeWindow) => ReportQuestion,
  other?: ReportQuestion,
): NothingFoundProof {
  return {
    control: questionFor(IMPOSSIBLE),
    ...(other === undefined ? {} : { other }),
    unshown: UNSHOWN,
    works: async (ask, now) => (await ask(questionFor(lastDays(now)))).kind === 'rows',
  };
}

function lastDays(now: number): TimeWindow {
  const from = Math.max(1, now - LOOK_BACK);
  return { from, to: Math.max(now, from) + 1 };
}

/** The same for the archives of a day, of which there are seven at most. */
export function archiveProof(questionFor: (date: string) => ReportQuestion): NothingFoundProof {
  return {
    control: questionFor('1970-01-01'),
    unshown: UNSHOWN,
    async works(ask, now) {
      for (let day = 0; day <= ARCHIVE_DAYS; day++) {
        const date = new Date((now - day * 86_400) * 1000).toISOString().slice(0, 10);
        if ((await ask(questionFor(date))).kind === 'rows') return true;
      }
      return false;
    },
  };
}
