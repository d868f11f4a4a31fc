/**
 * What a session is: the model both products map to. Names follow the Integration Client guides where these have
 * one, else the reporting API's elements. Every text is as sent after XML decoding; `null` = the element was absent,
 * empty text = it was there and empty. Times are Unix seconds in the appliance's clock.
 */
export interface Session {
  /** 32 hex digits as sent; the key of a session on its appliance. */
  readonly lsid: string;
  /** `support` in both products today. */
  readonly type: string | null;
  /** Integer as text; neither unique nor strictly increasing. */
  readonly lseq: string | null;
  readonly startTime: number | null;
  /** `null` while the session runs, and for ever after an abnormal close. */
  readonly endTime: number | null;
  /** `HH:MM:SS`; hours may pass 24. */
  readonly duration: string | null;
  readonly jumpoint: IdName | null;
  readonly publicSite: IdName | null;
  readonly jumpGroup: (IdName & { readonly type: string | null }) | null;
  readonly externalKey: string | null;
  readonly customAttributes: readonly CustomAttribute[];
  readonly fileTransferCount: number | null;
  readonly fileMoveCount: number | null;
  readonly fileDeleteCount: number | null;
  readonly primaryCustomer: GsName | null;
  readonly primaryRepresentative: (GsName & { readonly id: string | null }) | null;
  readonly primaryTeam: IdName | null;
  readonly customers: readonly Customer[];
  readonly representatives: readonly Representative[];
  readonly teams: readonly Team[];
  readonly events: readonly SessionEvent[];
  readonly recordings: SessionRecordings;
}

export interface IdName {
  readonly id: string | null;
  readonly name: string | null;
}

export interface GsName {
  /** Unique among concurrent connections only, `0` = the system. Joins inside one session, nowhere else. */
  readonly gsNumber: string | null;
  readonly name: string | null;
}

export interface CustomAttribute {
  readonly displayName: string | null;
  readonly codeName: string | null;
  readonly value: string | null;
}

interface Participant {
  readonly gsNumber: string | null;
  readonly userName: string | null;
  /** As sent, with the port: `203.0.113.7:61606`, `[2001:db8::1]:56722`, or without one. */
  readonly publicIp: string | null;
  readonly privateIp: string | null;
  readonly hostName: string | null;
  readonly operatingSystem: string | null;
}

export interface Customer extends Participant {
  readonly isPrimary: boolean | null;
  /** From `info`, the issue submission form (RS). */
  readonly name: string | null;
  readonly issue: string | null;
  readonly issueDescription: string | null;
  readonly companyName: string | null;
  readonly companyCode: string | null;
}

export interface Representative extends Participant {
  readonly userId: string | null;
  readonly displayName: string | null;
  readonly publicDisplayName: string | null;
  readonly privateDisplayName: string | null;
  readonly isOwner: boolean | null;
  readonly isPrimary: boolean | null;
  readonly isInvited: boolean | null;
  readonly secondsInvolved: number | null;
}

export interface Team {
  readonly id: string | null;
  readonly name: string | null;
  readonly isPrimary: boolean | null;
}

export interface SessionEvent {
  readonly type: string | null;
  readonly time: number | null;
  readonly performedBy: Actor | null;
  readonly destination: Actor | null;
  /** Name and value pairs in document order: `data/value`, then `body`, `filename`, `filesize` and `files` as pairs. */
  readonly data: readonly (readonly [name: string, value: string])[];
  readonly systemInformation: readonly SystemInformation[];
}

export interface Actor {
  /** `system`, `customer`, `representative`, `everyone`, … an open list. */
  readonly type: string | null;
  readonly gsNumber: string | null;
  readonly name: string | null;
}

export interface SystemInformation {
  readonly category: string | null;
  /** The category's content as sent: XML with its `field` elements. */
  readonly information: string;
}

/** Which recordings the session says it has. URLs are capabilities and are not kept. */
export interface SessionRecordings {
  /** `session_recording_download_url`: there once the session ended, and where the account may view recordings. */
  readonly session: boolean;
  /** Instances in `command_shell_recordings` (API guide), in the order sent, each once. */
  readonly commandShell: readonly number[];
  /**
   * Instances, in the order sent, each once. RS. What lists them is unverified: taken from any element of the session whose
   * name begins with `show_my_screen`, and from the data of Show My Screen Recording events.
   */
  readonly showMyScreen: readonly number[];
  /**
   * PRA; absent = none. How a session announces one is unverified: taken from any element of the session whose name begins
   * with `user_recording` or `protocol_tunnel_recording`, or ends in `_recording_download_url` but for the session's own,
   * when there is something in it.
   */
  readonly user?: true;
}

/** One session as a report gave it. */
export interface SessionReading {
  readonly session: Session;
  /** The `<session …>…</session>` bytes as sent. */
  readonly xml: string;
  /** SHA-256 (hex) of the canonical form: two readings are equal when this is. Capability URLs are left out. */
  readonly hash: string;
}
