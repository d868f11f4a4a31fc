import type { Actor, Session } from '../../shared/sessions/session.ts';
import type { TextStyle } from './xml-text.ts';

/**
 * What there is to tell about one session at one moment: the model, and how the XML shows it. Both the truth and the
 * report are made from this, neither from the other.
 */
export interface SessionFacts {
  readonly index: number;
  readonly state: 'closed' | 'running' | 'abnormal';
  readonly closesAt: number | undefined;
  /** The model without its events. */
  readonly session: Omit<Session, 'events'>;
  readonly events: readonly EventFacts[];
  readonly look: SessionLook;
}

/** What is in the XML and not in the model, or written in more than one way. */
export interface SessionLook {
  readonly customAttributes: 'absent' | 'present';
  readonly endTime: 'empty' | 'self-closed' | 'blank-timestamp';
  /** Chat URLs are there once a session has ended well. */
  readonly chatUrls: boolean;
  readonly showMyScreen: boolean;
  readonly surveys: boolean;
  /** Elements that no guide names, with children that carry known names. */
  readonly unknown: 'none' | 'simple' | 'nested';
  readonly textStyle: TextStyle;
  readonly extraAttribute: boolean;
}

export interface EventFacts {
  readonly type: string;
  readonly time: number;
  readonly performedBy: Actor | null;
  readonly destination: Actor | null;
  /** In the order of the XML. */
  readonly parts: readonly EventPart[];
}

export type Pair = readonly [name: string, value: string];

export type EventPart =
  | { readonly kind: 'data'; readonly values: readonly Pair[] }
  | { readonly kind: 'body'; readonly text: string; readonly style: TextStyle }
  | { readonly kind: 'encoded-body'; readonly bytes: Uint8Array }
  | { readonly kind: 'filename' | 'filesize'; readonly text: string }
  | { readonly kind: 'files'; readonly files: readonly Pair[] }
  | {
      readonly kind: 'system-information';
      readonly categories: readonly { readonly name: string; readonly inner: string }[];
    }
  /** XML that no guide names. */
  | { readonly kind: 'unknown'; readonly xml: string }
  /** The event has nothing but white space. */
  | { readonly kind: 'blank' };

/** Order in which the model lists name and value pairs, wherever they stand in the event. */
const pairOrder = ['data', 'body', 'encoded-body', 'filename', 'filesize', 'files'] as const;

/** The name and value pairs of an event, as the model has them. */
export function eventPairs(parts: readonly EventPart[]): Pair[] {
  return pairOrder.flatMap((kind) => parts.filter((part) => part.kind === kind).flatMap(pairsOf));
}

function pairsOf(part: EventPart): readonly Pair[] {
  switch (part.kind) {
    case 'data':
      return part.values;
    case 'body':
      return [['body', part.text]];
    case 'encoded-body':
      return [['encoded_body', Buffer.from(part.bytes).toString('base64')]];
    case 'filename':
    case 'filesize':
      return [[part.kind, part.text]];
    case 'files':
      return part.files.flatMap(([name, size]): Pair[] => [
        ['file', name],
        ['file_size', size],
      ]);
    default:
      return [];
  }
}

/** The facts as the model: what a reader must make of the XML. */
export function modelOf(facts: SessionFacts): Session {
  return {
    ...facts.session,
    events: facts.events.map((event) => ({
      type: event.type,
      time: event.time,
      performedBy: event.performedBy,
      destination: event.destination,
      data: eventPairs(event.parts),
      systemInformation: event.parts.flatMap((part) =>
        part.kind === 'system-information'
          ? part.categories.map(({ name, inner }) => ({ category: name, information: inner }))
          : [],
      ),
    })),
  };
}
