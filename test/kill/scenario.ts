import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataFolder } from '../../infra/local/data-folder.ts';
import type { Run } from '../../shared/runs/run.ts';
import type { SimulatedAppliance } from '../appliance/simulated-appliance.ts';
import { startAppliance } from '../appliance/start-appliance.ts';
import { checkStored } from './check-stored.ts';
import { Child } from './child.ts';
import { type Counted, type Cut, cutName } from './cuts.ts';
import type { Answer, Job } from './host.ts';
import { copyInstallation, makeInstallation, type TestSite } from './installation.ts';
import { assertSameState } from './same-state.ts';
import { readStoredState, type StoredState, stateRows } from './stored-state.ts';

type Delivery = Job['delivery'];

const HOUR = 3600;
const from = 1_789_999_200;
/** A moment of the population below at which one session has just begun. */
const FIRST = 1_790_234_993;
const LITTERED = 4;

/**
 * Two moments of a site with a handful of sessions:
 *
 * - `first run`: nothing is there yet. Two closed sessions, one of them recorded; one that broke off; one that runs,
 *   and by a very short setting counts as broken off already.
 * - `next run`: over what the first one stored. The running session closed after all, with a recording, so there are
 *   a second version of its document and a replaced row; a new session has just begun and is truly running.
 */
export class Scenario {
  readonly #folder = mkdtempSync(join(tmpdir(), 'kill-'));
  readonly #appliance: SimulatedAppliance;
  readonly #sites: readonly TestSite[];
  readonly #at: number;
  readonly #template: string;
  #reference: StoredState | undefined;
  #copies = 0;
  /** Folders in which killed attempts have left something, for its removal to be looked at. */
  readonly #littered: DataFolder[] = [];

  private constructor(appliance: SimulatedAppliance, moment: 'first run' | 'next run') {
    this.#appliance = appliance;
    this.#at = moment === 'first run' ? FIRST : FIRST + 6377;
    this.#template = join(this.#folder, 'template');
    this.#sites = [
      {
        id: 'support',
        appliance,
        product: 'RS',
        hostName: 'support.example.com',
        begin: FIRST - 40_000,
        openSessionHours: 0.01,
      },
    ];
  }

  static async open(moment: 'first run' | 'next run'): Promise<Scenario> {
    const appliance = await startAppliance({
      product: 'RS',
      seed: 44,
      sessions: 24,
      from,
      to: from + 72 * HOUR,
      recordingBytes: [90_000, 150_000],
      backupBytes: 120_000,
      events: 6,
    });
    appliance.clock.rate(0);
    const scenario = new Scenario(appliance, moment);
    try {
      await scenario.#prepare(moment);
      return scenario;
    } catch (error) {
      await scenario.close();
      throw error;
    }
  }

  async #prepare(moment: 'first run' | 'next run'): Promise<void> {
    this.#appliance.clock.set(FIRST);
    const data = await makeInstallation(this.#template, this.#sites);
    const child = this.child();
    try {
      if (moment === 'next run') {
        await this.#finish(child, data.folder, 'once', FIRST);
        checkStored(await readStoredState(data), this.#sites);
      }
      this.#appliance.clock.set(this.#at);
      const { data: whole } = await this.uninterrupted(child, 'once');
      this.#reference = await readStoredState(whole);
    } finally {
      await child.close();
    }
  }

  child(): Child {
    return new Child();
  }

  async #copy(): Promise<DataFolder> {
    return copyInstallation(this.#template, join(this.#folder, `${++this.#copies}`));
  }

  async #finish(
    child: Child,
    folder: string,
    delivery: Delivery,
    at = this.#at,
  ): Promise<Answer & { done: true }> {
    const answer = await child.run({ folder, delivery, clockOffsetMs: at * 1000 - Date.now() });
    if (answer === 'killed') throw new Error('the child process was killed by somebody else');
    if (!answer.done) throw new Error(answer.error);
    return answer;
  }

  /** A run that is left alone, and how often it called each port. */
  async uninterrupted(child: Child, delivery: Delivery): Promise<{ counted: Counted; data: DataFolder }> {
    const data = await this.#copy();
    const { counted } = await this.#finish(child, data.folder, delivery);
    await this.#check(data, delivery);
    return { counted, data };
  }

  /**
   * Kills a run at the cut, starts the program again, and checks all that is stored.
   * @returns false when the run ended before it came to the cut
   */
  async cut(dying: Child, next: Child, cut: Cut, delivery: Delivery): Promise<boolean> {
    const data = await this.#copy();
    try {
      const clockOffsetMs = this.#at * 1000 - Date.now();
      const answer = await dying.run({ folder: data.folder, delivery, cut, clockOffsetMs });
      if (answer !== 'killed') {
        if (!answer.done) throw new Error(answer.error);
        return false;
      }
      const left = this.#runsLeft(data);
      await this.#resume(next, data, delivery, clockOffsetMs);
      const stored = await this.#check(data, delivery);
      this.#checkRunCount(stored.runs, left);
      if (!this.#keepLitter(data, stored)) rmSync(data.folder, { recursive: true, force: true });
      return true;
    } catch (error) {
      throw new Error(
        `${cutName(cut)}, delivered ${delivery}, in ${data.folder}: ${(error as Error).message}`,
        {
          cause: error,
        },
      );
    }
  }

  async #resume(
    child: Child,
    { folder }: DataFolder,
    delivery: Delivery,
    clockOffsetMs: number,
  ): Promise<void> {
    const answer = await child.run({ folder, delivery, clockOffsetMs });
    if (answer === 'killed' || !answer.done) throw new Error(answer === 'killed' ? answer : answer.error);
  }

  /** Runs as the kill left them; read from a copy, so that the next start finds the files untouched. */
  #runsLeft(data: DataFolder): Run[] {
    const copy = join(this.#folder, `crash-image-${this.#copies}`);
    mkdirSync(copy);
    for (const suffix of ['', '-wal'])
      if (existsSync(`${data.state}${suffix}`))
        cpSync(`${data.state}${suffix}`, join(copy, `state.db${suffix}`));
    const rows = [...stateRows(join(copy, 'state.db'))];
    rmSync(copy, { recursive: true });
    return rows.filter(([key]) => key.startsWith('runs/run/')).map(([, value]) => value as Run);
  }

  /** A run that was under way is finished, not made again; only if there was none a new one is made. */
  #checkRunCount(runs: readonly Run[], left: readonly Run[]): void {
    const underWay = left.filter(({ finishedAt }) => finishedAt === undefined);
    assert.equal(runs.length, left.length + (underWay.length === 0 ? 1 : 0), 'runs after the restart');
  }

  async #check(data: DataFolder, delivery: Delivery): Promise<StoredState> {
    const stored = await readStoredState(data);
    checkStored(stored, this.#sites, delivery);
    if (this.#reference) assertSameState(stored, this.#reference);
    return stored;
  }

  /** Whether the folder was kept, for {@link checkLitterGoes}. */
  #keepLitter(data: DataFolder, { leftovers }: StoredState): boolean {
    const litter = Object.values(leftovers).flat();
    if (litter.length === 0 || this.#littered.length >= LITTERED) return false;
    this.#littered.push(data);
    return true;
  }

  /** What killed attempts have left is removed by a later run, a day on. @returns how many files that were */
  async checkLitterGoes(child: Child): Promise<number> {
    let removed = 0;
    for (const data of this.#littered) {
      const yesterday = Date.now() / 1000 - 25 * HOUR;
      for (const folder of [join(data.files, '.incomplete'), join(data.staging, '.partial')])
        for (const name of existsSync(folder) ? readdirSync(folder) : [])
          utimesSync(join(folder, name), yesterday, yesterday);
      const { leftovers } = await readStoredState(data);
      // A few seconds later, so that the run has a due instant, and a backup, of its own.
      await this.#finish(child, data.folder, 'once', this.#at + 5);
      const after = await this.#check(data, 'once');
      assert.deepEqual(after.leftovers, { incomplete: [], partial: [], staged: [] }, data.folder);
      removed += Object.values(leftovers).flat().length;
    }
    return removed;
  }

  async close(): Promise<void> {
    await this.#appliance.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
