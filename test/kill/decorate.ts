import type { Appliance, FileDownload } from '../../shared/appliance/appliance.ts';
import type {
  Destination,
  FileBegin,
  FileSink,
  FileWrite,
  SessionSink,
} from '../../shared/destinations/destination.ts';
import type { Services } from '../../shared/services.ts';
import type { StagingStore } from '../../shared/state/staging.ts';
import type { StateStore } from '../../shared/state/state-store.ts';
import type { Killer } from './killer.ts';

/*
 * Decorators around the product's ports: every call may be the last thing the process does. They are written out
 * method by method, so that a method added to a port does not compile until it is counted here.
 */

export function decorateState(store: StateStore, killer: Killer): StateStore {
  return {
    get: (...call) => killer.call('state.get', () => store.get(...call)),
    list: (...call) => killer.call('state.list', () => store.list(...call)),
    insert: (...call) => killer.call('state.insert', () => store.insert(...call)),
    update: (...call) => killer.call('state.update', () => store.update(...call)),
    put: (...call) => killer.call('state.put', () => store.put(...call)),
    remove: (...call) => killer.call('state.remove', () => store.remove(...call)),
    batch: (...call) => killer.call('state.batch', () => store.batch(...call)),
    close: () => store.close(),
  };
}

export function decorateStaging(staging: StagingStore, killer: Killer): StagingStore {
  return {
    write: (name, chunks) =>
      killer.call('staging.write', () => staging.write(name, killer.body('staging.write', chunks))),
    async *read(name) {
      const end = killer.begin('staging.read');
      yield* killer.body('staging.read', staging.read(name));
      end();
    },
    remove: (name) => killer.call('staging.remove', () => staging.remove(name)),
    async *list(prefix) {
      const end = killer.begin('staging.list');
      yield* staging.list(prefix);
      end();
    },
  };
}

export function decorateAppliance(appliance: Appliance, killer: Killer): Appliance {
  const download = async (call: string, work: () => Promise<FileDownload>): Promise<FileDownload> => {
    const file = await killer.call(call, work);
    return { ...file, chunks: killer.body(call, file.chunks) };
  };
  return {
    info: (call) => killer.call('appliance.info', () => appliance.info(call)),
    async sessionReport(selector, call) {
      const body = await killer.call('appliance.sessionReport', () =>
        appliance.sessionReport(selector, call),
      );
      return body && { chunks: killer.body('appliance.sessionReport', body.chunks) };
    },
    async *sessionListing(selector, call) {
      const end = killer.begin('appliance.sessionListing');
      yield* appliance.sessionListing(selector, call);
      end();
    },
    sessionRecording: (lsid, call) =>
      download('appliance.sessionRecording', () => appliance.sessionRecording(lsid, call)),
    backup: (call) => download('appliance.backup', () => appliance.backup(call)),
    close: () => appliance.close(),
  };
}

export function decorateDestination(destination: Destination, killer: Killer): Destination {
  const { id, name, sessions, files } = destination;
  return {
    id,
    name,
    ...(sessions === undefined ? {} : { sessions: decorateSessions(sessions, killer) }),
    ...(files === undefined ? {} : { files: decorateFiles(files, killer) }),
    check: () => destination.check(),
    close: () => destination.close(),
  };
}

function decorateSessions(sink: SessionSink, killer: Killer): SessionSink {
  return { store: (...call) => killer.call('sessions.store', () => sink.store(...call)) };
}

function decorateFiles(sink: FileSink, killer: Killer): FileSink {
  return {
    extension: sink.extension,
    find: (key) => killer.call('files.find', () => sink.find(key)),
    async begin(item): Promise<FileBegin> {
      const begun = await killer.call('files.begin', () => sink.begin(item));
      return begun.status === 'write' ? { ...begun, write: decorateWrite(begun.write, killer) } : begun;
    },
  };
}

function decorateWrite(write: FileWrite, killer: Killer): FileWrite {
  return {
    name: write.name,
    write: (chunk) =>
      killer.call('write.write', () => killer.piece('write.write', chunk, (part) => write.write(part))),
    commit: (content) => killer.call('write.commit', () => write.commit(content)),
    abort: () => killer.call('write.abort', () => write.abort()),
  };
}

/** The services with a killer at every port, and with our clock set. */
export function decorateServices(base: Services, killer: Killer, clockOffsetMs: number): Services {
  const appliances = new Map<Appliance, Appliance>();
  const destinations = new Map<Destination, Destination>();
  return {
    ...base,
    now: () => Date.now() + clockOffsetMs,
    appliance: (site) => once(appliances, base.appliance(site), (bare) => decorateAppliance(bare, killer)),
    async destination(setting) {
      return once(destinations, await base.destination(setting), (bare) => decorateDestination(bare, killer));
    },
  };
}

function once<T>(known: Map<T, T>, bare: T, decorate: (bare: T) => T): T {
  const decorated = known.get(bare) ?? decorate(bare);
  known.set(bare, decorated);
  return decorated;
}
