import type { Counts } from '../runs/run.ts';
import type { SessionReading } from '../sessions/session.ts';

/** Takes the sessions of a batch as the data type has it, durably, and says what came of it. */
export interface Taker {
  take(batch: readonly TakenSession[]): Promise<Partial<Counts>>;
}

export interface TakenSession {
  readonly reading: SessionReading;
  /** It closed, or is declared abnormally closed: file destinations get it. */
  readonly final: boolean;
  /** Appliance time of the reading, seconds with fraction. */
  readonly readAt: number;
  /** The report's root tag, for a document of its own. */
  readonly root: { readonly name: string; readonly startTag: string };
}
