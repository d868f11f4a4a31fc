import { hash } from 'node:crypto';
import { mix } from './random.ts';

/** 40 hex digits that stand for a capability where none is to be told. */
export const maskedCapability = '0'.repeat(40);

/** The access hash in URLs: another one for each session at each reading. */
export function readingCapability(secret: string, reading: number, index: number): string {
  return hash('sha1', `${secret} ${reading} ${index}`, 'hex');
}

/** An access hash that stays the same for a session. */
export function stableCapability(seed: number, index: number): string {
  const words = [11, 12, 13, 14, 15].map((salt) => mix(seed, index, salt).toString(16).padStart(8, '0'));
  return words.join('');
}

/** Writes zeros over the access hashes of a text, so that two readings can be compared. */
export function maskCapabilities(text: string): string {
  return text.replace(/(%3Bh%3D)[0-9a-f]{40}/g, `$1${maskedCapability}`);
}

/** URLs have the shape real replies show: `/session_download?lsid=l%3D…%3Bh%3D…%3Bt%3Dsd%3Bm%3D…`. */
export interface SessionUrls {
  chat(view: boolean): string;
  recording(view: boolean): string;
  user(view: boolean): string;
  instance(kind: 'shell' | 'show_my_screen', instance: number, view: boolean): string;
}

export function sessionUrls(siteHost: string, lsid: string, capability: string): SessionUrls {
  const url = (mode: string, extra: string, view: boolean) =>
    `https://${siteHost}/session_download?lsid=l%3D${lsid}%3Bh%3D${capability}%3Bt%3Dsd%3Bm%3D${mode}` +
    `&dl_action=${mode}${extra}${view ? '&view=1' : ''}`;
  return {
    chat: (view) => url('chat', '', view),
    recording: (view) => url('recording', '', view),
    user: (view) => url('user_recording', '', view),
    instance: (kind, instance, view) => url(kind, `&instance=${instance}`, view),
  };
}
