import type { z } from 'zod';
import type { Log } from '../log.ts';
import type { StateStore } from '../state/state-store.ts';
import type { Destination, NamingSample } from './destination.ts';

/** A kind of destination: what a user can add and set. The list in index.ts is explicit. */
export interface DestinationPlugin {
  /** As it stands in settings. */
  readonly id: string;
  readonly title: string;
  /** Why it cannot be used, one line; only where a package brings it. */
  readonly problem?: string;
  /** Of the destination's `settings`, Destination Name apart. */
  readonly settings: z.ZodType;
  /** Which sinks the destination will have, so that a transfer can be refused when it is saved. */
  readonly takes: {
    readonly sessions: boolean;
    readonly files: boolean;
    /** Ids of the data types whose XML documents it takes as rows. */
    readonly reports?: readonly string[];
  };
  /** Where it keeps what it is given, from settings that were read by the schema: what is stored belongs to this place. Undefined where that cannot be told. */
  place(settings: unknown): string | undefined;
  /** Pairs of samples (by index) that the settings give one name; for destinations that name what they store. */
  collisions?(settings: unknown, samples: readonly NamingSample[]): readonly (readonly [number, number])[];
  /** `settings` were read by the schema. Throws `Failure` when the destination cannot be used at all. */
  open(options: OpenDestination): Promise<Destination>;
}

export interface OpenDestination {
  readonly id: string;
  /** Destination Name. */
  readonly name: string;
  readonly settings: unknown;
  readonly state: StateStore;
  readonly log: Log;
  /** Values of secrets that settings name. */
  secret(name: string): Promise<string>;
}
