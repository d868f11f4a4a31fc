import type { Destination, SessionSink, SessionVersion } from '../../shared/destinations/destination.ts';

/** Sessions as records in memory, with the order of readings that the contract asks for. */
export class RecordStore {
  readonly sessions = new Map<string, SessionVersion>();
  /** Versions that were written in all. */
  writes = 0;

  open(id: string, reach: (sink: SessionSink) => SessionSink): Destination {
    const sink: SessionSink = {
      store: async (_origin, versions) => versions.map((version) => ({ status: this.#store(version) })),
    };
    return { id, name: id, sessions: reach(sink), check: async () => {}, close: async () => {} };
  }

  #store(version: SessionVersion): 'stored' | 'replaced' | 'unchanged' | 'older' {
    const { lsid } = version.session;
    const stored = this.sessions.get(lsid);
    if (stored?.hash === version.hash) return 'unchanged';
    if (stored && isOlder(version, stored)) return 'older';
    this.sessions.set(lsid, version);
    this.writes++;
    return stored ? 'replaced' : 'stored';
  }
}

function isOlder(version: SessionVersion, stored: SessionVersion): boolean {
  if (version.closed !== stored.closed) return stored.closed;
  return version.readAt < stored.readAt;
}
