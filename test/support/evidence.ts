import type { Destination } from '../../shared/destinations/destination.ts';
import type { Evidence, Finding, Sealed, Verified } from '../../shared/destinations/evidence.ts';
import type { FileEvent } from '../../shared/destinations/file/journal.ts';
import {
  isManifestHead,
  type ManifestHead,
  readManifest,
} from '../../shared/destinations/file/manifest/manifest-file.ts';
import { type FilePlace, openAt } from '../contract/file-place.ts';

export function evidenceOf(destination: Destination): Evidence {
  if (destination.evidence === undefined) throw new Error('This destination keeps no evidence.');
  return destination.evidence;
}

/** Seals until nothing is left, all other runs counting as over unless they are said to go on. */
export function seal(destination: Destination, run: string, going: readonly string[] = []): Promise<Sealed> {
  return evidenceOf(destination).seal({
    run,
    isOver: async (other) => !going.includes(other),
    timeIsUp: () => false,
  });
}

export interface Checked extends Verified {
  readonly findings: readonly Finding[];
  /** `kind name` of what differs, in order. */
  readonly told: readonly string[];
}

export async function verify(destination: Destination): Promise<Checked> {
  const findings: Finding[] = [];
  const verified = await evidenceOf(destination).verify({ onFinding: (finding) => findings.push(finding) });
  const told = findings
    .filter(({ level }) => level === 'difference')
    .map(({ kind, name }) => `${kind} ${name}`);
  return { ...verified, findings, told: told.sort() };
}

export interface Manifest {
  readonly name: string;
  readonly head: ManifestHead;
  readonly events: readonly FileEvent[];
}

/** The manifests that lie in a place, whatever the state says of them, in the order of their names. */
export async function manifestsIn(place: FilePlace): Promise<readonly Manifest[]> {
  const store = place.openStore();
  const names: string[] = [];
  for await (const { name } of store.list()) if (name.startsWith('.manifests/')) names.push(name);
  const manifests: Manifest[] = [];
  for (const name of names.sort()) {
    const events: FileEvent[] = [];
    let head: ManifestHead | undefined;
    for await (const line of readManifest(store.read(name), name))
      if (isManifestHead(line)) head = line;
      else events.push(line);
    if (head === undefined) throw new Error(`${name} has no head`);
    manifests.push({ name, head, events });
  }
  return manifests;
}

/** The destination as a process without interruptions sees it. */
export const verifyPlace = (place: FilePlace): Promise<Checked> => verify(openAt(place));
