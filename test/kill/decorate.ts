import type {
  Appliance,
  FileDownload,
  ReportBody,
  SessionListingRow,
} from '../../shared/appliance/appliance.ts';
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
    async *read(name, range) {
      const end = killer.begin('staging.read');
      yield* killer.body('staging.read', staging.read(name, range));
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
  const perhaps = async (call: string, work: () => Promise<FileDownload | undefined>) => {
    const file = await killer.call(call, work);
    return file && { ...file, chunks: killer.body(call, file.chunks) };
  };
  const report = async (call: string, work: () => Promise<ReportBody | undefined>) => {
    const body = await killer.call(call, work);
    return body && { chunks: killer.body(call, body.chunks) };
  };
  async function* rows(call: string, work: () => AsyncIterable<SessionListingRow>) {
    const end = killer.begin(call);
    yield* work();
    end();
  }
  return {
    info: (call) => killer.call('appliance.info', () => appliance.info(call)),
    sessionReport: (...given) => report('appliance.sessionReport', () => appliance.sessionReport(...given)),
    sessionListing: (...given) => rows('appliance.sessionListing', () => appliance.sessionListing(...given)),
    sessionSummary: (...given) =>
      killer.call('appliance.sessionSummary', () => appliance.sessionSummary(...given)),
    sessionRecording: (...given) =>
      download('appliance.sessionRecording', () => appliance.sessionRecording(...given)),
    commandShellRecording: (...given) =>
      download('appliance.commandShellRecording', () => appliance.commandShellRecording(...given)),
    showMyScreenRecording: (...given) =>
      download('appliance.showMyScreenRecording', () => appliance.showMyScreenRecording(...given)),
    userRecording: (...given) => download('appliance.userRecording', () => appliance.userRecording(...given)),
    presentationReport: (...given) =>
      report('appliance.presentationReport', () => appliance.presentationReport(...given)),
    presentationListing: (...given) =>
      rows('appliance.presentationListing', () => appliance.presentationListing(...given)),
    presentationRecording: (...given) =>
      download('appliance.presentationRecording', () => appliance.presentationRecording(...given)),
    teamActivity: (...given) => report('appliance.teamActivity', () => appliance.teamActivity(...given)),
    vaultAccountActivity: (...given) =>
      report('appliance.vaultAccountActivity', () => appliance.vaultAccountActivity(...given)),
    exitSurvey: (...given) => report('appliance.exitSurvey', () => appliance.exitSurvey(...given)),
    licenseUsage: (...given) => report('appliance.licenseUsage', () => appliance.licenseUsage(...given)),
    endpointLicenseUsage: (call) =>
      download('appliance.endpointLicenseUsage', () => appliance.endpointLicenseUsage(call)),
    syslog: (call) => download('appliance.syslog', () => appliance.syslog(call)),
    archiveListing: (...given) =>
      report('appliance.archiveListing', () => appliance.archiveListing(...given)),
    archive: (...given) => perhaps('appliance.archive', () => appliance.archive(...given)),
    jumpItem: (call) => perhaps('appliance.jumpItem', () => appliance.jumpItem(call)),
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
