import assert from 'node:assert/strict';
import { foldName } from '../../shared/destinations/file/safe-name.ts';
import { getRun, type Run, type TransferResult } from '../../shared/runs/run.ts';
import type { StreamId } from '../../shared/streams/stream.ts';
import { ledgerKey, ledgerPartition, type OwedItem } from '../../shared/transfer/ledger.ts';
import {
  applianceClock,
  type ClockJump,
  finalSince,
  type ModelSession,
  sessionText,
} from './sessions-model.ts';
import type { Simulation } from './simulation.ts';

type Transfer = 'session-data files' | 'session-data records' | 'session-recording files';

/** Something that a transfer has to store one day. */
interface Expected {
  readonly session: ModelSession;
  /** True time, milliseconds: from then on it could be read as it stays. */
  readonly since: number;
}

const HOST = 'site.example.com';
const END_OF_TIME = Number.MAX_SAFE_INTEGER;

/**
 * Knows what is true and looks on. After each run: what it says has succeeded has no gap; what has one, said so.
 */
export class Observer {
  readonly #simulation: () => Simulation;
  readonly #jumps: readonly ClockJump[];
  readonly #sessions: readonly ModelSession[];
  readonly #waiting: Record<Transfer, Set<Expected>>;
  /** Recordings that a run told of as incomplete. */
  readonly #told = new Set<string>();
  /** Due instants of backups of which their runs said that nothing proves them whole. */
  readonly #unproven = new Set<string>();
  readonly runs: Run[] = [];
  /** Runs of which at least one transfer left something, and said so. */
  gaps = 0;

  constructor(simulation: () => Simulation, sessions: readonly ModelSession[], jumps: readonly ClockJump[]) {
    this.#simulation = simulation;
    this.#sessions = sessions;
    this.#jumps = jumps;
    const closed = sessions.flatMap((session) => {
      const since = finalSince(session);
      return since === undefined ? [] : [{ session, since }];
    });
    this.#waiting = {
      'session-data files': new Set(closed),
      'session-data records': new Set(closed),
      'session-recording files': new Set(
        sessions.flatMap((session) => {
          const { recording, shown, changed } = session;
          const since = recording?.announcedLate ? changed : shown;
          return recording && since !== undefined ? [{ session, since }] : [];
        }),
      ),
    };
  }

  async runEnded(id: string): Promise<void> {
    const run = await getRun(this.#simulation().state, id);
    assert.ok(run, id);
    // One whose orchestration failed is closed by the next tick; until then it promises nothing.
    if (run.finishedAt === undefined) return;
    this.runs.push(run);
    for (const result of run.results ?? [])
      if (result.stream === 'backup') this.#lookAtBackup(run, result);
      else await this.#look(run, result);
  }

  async #look(run: Run, result: TransferResult): Promise<void> {
    const name = `${result.stream} ${result.destinationId}` as Transfer;
    const waiting = this.#waiting[name];
    const started = Date.parse(run.startedAt ?? '');
    const finished = Date.parse(run.finishedAt ?? '');
    const clock =
      Math.min(applianceClock(this.#jumps, started), applianceClock(this.#jumps, finished)) / 1000;
    const gaps: string[] = [];
    for (const expected of waiting) {
      const { session, since } = expected;
      if (since > started || (session.endStamp ?? END_OF_TIME) >= Math.floor(clock)) {
        // It ended while the run was going; the run need not know of it, but may have told of it already.
        if (since <= finished && (await this.#isGivenUpBy(result, session))) this.#told.add(session.lsid);
        continue;
      }
      if (this.#isStored(name, session)) waiting.delete(expected);
      else if (!(await this.#isToldBefore(name, session))) gaps.push(session.lsid);
    }
    if (gaps.length === 0) return;
    this.gaps++;
    const lines = `${run.id} ${name} ${JSON.stringify(result)} ${gaps.slice(0, 5)}`;
    assert.notEqual(result.status, 'succeeded', `a gap that nobody was told of: ${lines}`);
    if (name === 'session-recording files') for (const lsid of gaps) this.#told.add(lsid);
  }

  /** What was given up stands in the ledger; the run that gave it up said so, and later ones need not. */
  async #isToldBefore(name: Transfer, { lsid }: ModelSession): Promise<boolean> {
    if (name !== 'session-recording files' || !this.#told.has(lsid)) return false;
    return (await this.#owed('session-recording', lsid))?.state === 'set-aside';
  }

  async #isGivenUpBy({ stream, status, counts }: TransferResult, { lsid }: ModelSession): Promise<boolean> {
    if (stream !== 'session-recording' || status === 'succeeded' || counts.setAside === 0) return false;
    return (await this.#owed(stream, lsid))?.state === 'set-aside';
  }

  async #owed(stream: StreamId, lsid: string): Promise<OwedItem | undefined> {
    const key = ledgerKey({ key: lsid }, 'files');
    const { state } = this.#simulation();
    return (await state.get<OwedItem>('ledger', ledgerPartition('site', stream), key))?.value;
  }

  #lookAtBackup(run: Run, result: TransferResult): void {
    if (result.alarms.some((alarm) => alarm.includes('nothing proves that it is whole')))
      this.#unproven.add(run.dueAt);
    if (this.backup(run.dueAt) !== undefined) return;
    this.gaps++;
    assert.equal(result.status, 'failed', `a backup that is missing, and nobody was told: ${run.id}`);
    assert.ok(result.failure?.message);
  }

  backup(dueAt: string): string | undefined {
    const instant = dueAt.replaceAll(/[-:]|\.000/g, '');
    return this.#file(`${HOST}-backup-${instant}.nsb`)?.toString();
  }

  #file(name: string): Buffer | undefined {
    return this.#simulation().files.visible.get(foldName(name))?.bytes;
  }

  #isStored(name: Transfer, session: ModelSession): boolean {
    const { lsid } = session;
    switch (name) {
      case 'session-data files': {
        const text = sessionText(session, END_OF_TIME);
        return text !== undefined && (this.#file(`${HOST}-support-${lsid}.xml`)?.includes(text) ?? false);
      }
      case 'session-data records': {
        const stored = this.#simulation().records.sessions.get(lsid);
        if (!stored) return false;
        const key = session.changed === undefined ? 'first' : 'changed';
        const { endTime, externalKey, recordings } = stored.session;
        return (
          endTime === (session.endStamp ?? null) &&
          externalKey === key &&
          recordings.session === (session.recording !== undefined)
        );
      }
      case 'session-recording files':
        return (
          this.#file(`${HOST}-support-${lsid}.flv`)?.equals(session.recording?.content ?? Buffer.alloc(0)) ??
          false
        );
    }
  }

  /** After the quiet: the stored set is the appliance's set, and nothing is there twice. */
  async assertEverything(dueInstants: readonly string[]): Promise<void> {
    const names: string[] = [];
    const transfers = new Set(
      this.runs.flatMap(({ results = [] }) =>
        results.map(({ stream, destinationId }) => `${stream} ${destinationId}`),
      ),
    );
    for (const session of this.#sessions) {
      const { lsid, recording, ended } = session;
      assert.ok(this.#isStored('session-data files', session), `${lsid} is not stored as it is in the end`);
      if (transfers.has('session-data records'))
        assert.ok(
          this.#isStored('session-data records', session),
          `${lsid} is no record as it is in the end`,
        );
      names.push(`${HOST}-support-${lsid}.xml`);
      if (!recording || ended === undefined) continue;
      const owed = await this.#owed('session-recording', lsid);
      if (recording.expired) {
        assert.deepEqual([owed?.state, owed?.lastFailure?.code], ['set-aside', 'recording-expired'], lsid);
        assert.ok(this.#told.has(lsid), `${lsid} was given up and nobody was told`);
        continue;
      }
      assert.ok(
        this.#isStored('session-recording files', session),
        `the recording of ${lsid}: ${JSON.stringify(owed)}`,
      );
      assert.equal(owed, undefined, `${lsid} is stored and owed`);
      names.push(`${HOST}-support-${lsid}.flv`);
    }
    if (transfers.has('session-data records'))
      assert.equal(this.#simulation().records.sessions.size, this.#sessions.length);
    let backups = 0;
    let whole = 0;
    for (const dueAt of dueInstants) {
      const bytes = this.backup(dueAt);
      if (bytes === undefined) continue;
      // Two readings that broke off at nearly the same place cannot be told from whole ones, only marked.
      if (/^-+backup \d+ at \d+\.$/.test(bytes)) whole++;
      else assert.ok(this.#unproven.has(dueAt), `the backup of ${dueAt} is not whole, and nobody was told`);
      backups++;
      names.push(`${HOST}-backup-${dueAt.replaceAll(/[-:]|\.000/g, '')}.nsb`);
    }
    assert.ok(whole >= backups - 1, `${backups - whole} backups are not whole`);
    const visible = [...this.#simulation().files.visible.values()].map(({ name }) => name);
    assert.deepEqual(visible.filter((name) => !name.startsWith('.manifests')).sort(), names.sort());
  }
}
