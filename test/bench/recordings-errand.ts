export interface Errand {
  readonly way: 'ours' | 'plain';
  readonly folder: string;
  /** Given, the recordings go there. */
  readonly connectionString?: string;
  readonly appliance: {
    readonly port: number;
    readonly address: string;
    readonly caPem: string;
    readonly account: { readonly id: string; readonly secret: string };
  };
  readonly lsids: readonly string[];
  readonly bytes: number;
}

export interface Measured {
  readonly seconds: number;
  /** Of this process alone: other work on the machine does not change it much. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  /** With all modules loaded, before the first recording. */
  readonly startBytes: number;
}

/** As many as a run has under way (transfer/drain.ts). */
export const AT_ONCE = 3;
export const CONTAINER = 'recordings';

/** Brings one recording to its place; resolves to its size. */
export type Carry = (lsid: string) => Promise<number>;
