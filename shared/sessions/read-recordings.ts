import { wholeNumber } from './read-values.ts';
import type { SessionEvent } from './session.ts';
import { attributeOf, childText, deepText, type XmlElement } from './xml-element.ts';

/** `SessionRecordings` in the making. */
export interface RecordingsFound {
  session: boolean;
  readonly commandShell: number[];
  readonly showMyScreen: number[];
  user?: true;
}

export function newRecordings(): RecordingsFound {
  return { session: false, commandShell: [], showMyScreen: [] };
}

const USER_RECORDING = /^(user|protocol_tunnel)_recording|_recording_download_url$/;

/** Takes up what one child of a session says of recordings; any other child says nothing. */
export function readRecordings(child: XmlElement, found: RecordingsFound): void {
  const { name } = child;
  if (name === 'session_recording_download_url') found.session ||= child.text.trim() !== '';
  else if (name === 'command_shell_recordings') {
    addInstances(child, 'command_shell_recording', found.commandShell);
  } else if (name.startsWith('show_my_screen')) addShowMyScreen(child, found.showMyScreen);
  else if (USER_RECORDING.test(name) && deepText(child).trim() !== '') found.user = true;
}

/** An event names the instance too, whatever the element in the session is called. */
export function readRecordingEvent({ type, data }: SessionEvent, found: RecordingsFound): void {
  if (type !== 'Show My Screen Recording') return;
  let instance: number | null = null;
  let isThere = false;
  for (const [name, value] of data) {
    if (name === 'instance') instance = wholeNumber(value);
    else if (name === 'download_url') isThere ||= value !== '';
  }
  if (isThere && instance !== null) add(instance, found.showMyScreen);
}

/** A list of recordings, one recording, or one recording's URL. */
function addShowMyScreen(element: XmlElement, into: number[]): void {
  const own = wholeNumber(attributeOf(element, 'instance'));
  if (own !== null) add(own, into);
  else if (element.children.some(({ name }) => name.startsWith('show_my_screen') || name === 'recording')) {
    addInstances(element, undefined, into);
  } else if (element.name.endsWith('_url') ? element.text.trim() !== '' : hasUrl(element)) add(0, into);
}

function hasUrl(element: XmlElement): boolean {
  return (childText(element, 'download_url') ?? '').trim() !== '';
}

function addInstances(list: XmlElement, name: string | undefined, into: number[]): void {
  for (const recording of list.children) {
    if (name !== undefined && recording.name !== name) continue;
    // Instances count from 0 (API guide): a missing number is the place in the list, so that no recording is lost.
    add(wholeNumber(attributeOf(recording, 'instance')) ?? into.length, into);
  }
}

function add(instance: number, into: number[]): void {
  if (!into.includes(instance)) into.push(instance);
}
