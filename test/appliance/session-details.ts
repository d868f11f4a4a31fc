import type { CustomAttribute } from '../../shared/sessions/session.ts';
import type { Random } from './random.ts';

export const teams = ['Service Desk', 'Network & Voice', 'Équipe «Nord»'] as const;

export function jumpoint(random: Random) {
  return random.chance(0.3) ? { id: '-1', name: '' } : { id: String(1 + random.int(5)), name: 'DC-West' };
}

/** Seen in replies: an empty element where there is no key. */
export function externalKey(random: Random, rs: boolean, absent: boolean): string | null {
  const key = `${rs ? 'INC' : 'CHG'}00${10_000 + random.int(80_000)}`;
  const kind = random.unit();
  if (absent) return null;
  return kind < 0.3 ? '' : kind < 0.35 ? `${key} & "more" <x>/..\\y` : key;
}

export function customAttributes(random: Random, odd: boolean): readonly CustomAttribute[] {
  const window = { displayName: 'Change Window', codeName: 'change_window', value: 'Sat 02:00' };
  const centre = {
    displayName: odd ? 'Cost & "Centre"' : 'Cost Centre',
    codeName: 'cost_centre',
    value: odd ? 'R&D <north>\tΩ' : 'R+D',
  };
  const empty = { displayName: 'Floor', codeName: 'floor', value: '' };
  switch (random.int(4)) {
    case 0:
      return [window, centre];
    case 1:
      return [window, centre, empty];
    default:
      return [];
  }
}

export function sessionTeams(primary: number, several: boolean) {
  const list = several ? teams.map((_, team) => team) : [primary];
  return list.map((team) => ({
    id: String(team + 2),
    name: teams[team] ?? null,
    isPrimary: team === primary,
  }));
}
