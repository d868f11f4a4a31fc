import type { Customer, Representative } from '../../shared/sessions/session.ts';
import type { Random } from './random.ts';

type NonEmpty<T> = readonly [T, ...T[]];

/** [user name, display name, public display name]; the user's id is the place in the list, from 2. */
const staff: NonEmpty<readonly [string, string, string]> = [
  ['rimai', 'Rosa Imai', 'Rosa'],
  ['mlindqvist', 'Mei Lindqvist', 'Mei'],
  ['jdoe', 'Jo Doe', 'Jo'],
  ['aokafor', 'Adaeze Okafor', 'Ada'],
  ['tbjork', 'Tor Bjørk', 'Tor'],
  ['sgarcía', 'Sofía García Núñez', 'Sofía'],
  ['EXAMPLE\\o.brien', "Órla O'Brien", "O'B"],
  ['yamada', '山田 花子', '花子'],
  ['ravi@example.com', 'Ravi "Rex" Shah', 'Rex'],
  ['lmüller', 'Lars Müller <Netz & Betrieb>', 'Lars'],
];

const plainStaff = 4;

const systems: NonEmpty<string> = [
  'Windows 11 Pro',
  'Windows 11 Enterprise',
  'Windows Server 2022 Datacenter (21H2)',
  'macOS 15.1',
  'Ubuntu 24.04.1 LTS',
  'Red Hat Enterprise Linux 9.4 (Plow)',
];

const companies: NonEmpty<string> = ['Example GmbH', 'Sample & Sons', 'Société Exemple', 'Demo <Labs> Ltd'];

const issues: NonEmpty<string> = [
  'Printer says "PC LOAD LETTER" & stops',
  'VPN drops every 10 minutes\r\nsince Monday',
  'Can’t sign in',
  'if (a < b && c > d) fails',
];

const endpoints: NonEmpty<string> = ['SQL-NODE-07', 'edge-router-2', 'web01.example.com', 'build & test "α"'];

/** Addresses from the ranges for documentation, with a port as appliances write them. */
export function publicAddress(random: Random, odd: boolean): string {
  const port = 1024 + random.int(64_000);
  if (odd && random.chance(0.25)) return `[2001:db8:${random.int(0xffff).toString(16)}::9d]:${port}`;
  const address = `${random.pick(['203.0.113', '198.51.100', '192.0.2'])}.${1 + random.int(254)}`;
  return odd && random.chance(0.1) ? address : `${address}:${port}`;
}

function privateAddress(random: Random): string {
  return `10.${random.int(256)}.${random.int(256)}.${1 + random.int(254)}`;
}

export function makeCustomer(random: Random, product: 'RS' | 'PRA', odd: boolean): Customer {
  const rs = product === 'RS';
  const bare = odd && random.chance(0.1);
  const name = rs ? random.pick(['Pat Quill', 'Zoë Ångström', 'Sam Poe', 'Ng Wei']) : random.pick(endpoints);
  const publicIp = publicAddress(random, odd);
  const privateIp = privateAddress(random);
  const unknown = odd && random.chance(0.1);
  const form = rs && !bare && random.chance(odd ? 0.8 : 1);
  return {
    gsNumber: String(20 + random.int(9_000)),
    userName: rs ? name.toLowerCase().replaceAll(' ', '.') : name,
    publicIp: bare ? null : publicIp,
    privateIp: unknown ? 'Unknown' : privateIp,
    hostName: bare || unknown ? null : `PC-${1000 + random.int(9000)}`,
    operatingSystem: bare ? null : unknown ? 'Unknown' : random.pick(systems),
    isPrimary: rs ? true : null,
    name: form ? name : null,
    issue: form ? String(1 + random.int(6)) : null,
    issueDescription: form ? (odd && random.chance(0.2) ? '' : random.pick(issues)) : null,
    companyName: form ? random.pick(companies) : null,
    companyCode: form ? `EX-${random.int(90) + 10}` : null,
  };
}

/** A user of the site. The same `who` is the same person with the same id, in every session. */
export function makeRepresentative(random: Random, product: 'RS' | 'PRA', odd: boolean): Representative {
  const who = random.int(odd ? staff.length : plainStaff);
  const [userName, displayName, publicName] = staff[who] ?? staff[0];
  return {
    gsNumber: String(10_000 + random.int(9_000)),
    userId: String(who + 2),
    userName,
    displayName,
    publicDisplayName: publicName,
    privateDisplayName: `${displayName} (Desk ${who + 1})`,
    isOwner: false,
    isPrimary: product === 'RS' ? false : null,
    isInvited: null,
    secondsInvolved: 0,
    ...connection(random, odd),
  };
}

/** Somebody from outside: an id of its own, no newer display names, `invited`. */
export function makeInvited(random: Random, product: 'RS' | 'PRA', odd: boolean): Representative {
  return {
    ...makeRepresentative(random, product, odd),
    userId: String(200 + random.int(50)),
    userName: 'vendor.kato',
    displayName: 'Kato (vendor)',
    publicDisplayName: null,
    privateDisplayName: null,
    isInvited: true,
  };
}

/** The same user after a lost connection: another gsnumber, another place, no owner any more. */
export function reconnected(random: Random, odd: boolean, user: Representative): Representative {
  return {
    ...user,
    gsNumber: String(19_000 + random.int(900)),
    isOwner: false,
    isPrimary: user.isPrimary === null ? null : false,
    ...connection(random, odd),
  };
}

function connection(random: Random, odd: boolean) {
  const publicIp = publicAddress(random, odd);
  const privateIp = privateAddress(random);
  const system = random.pick(systems);
  const desk = 1 + random.int(400);
  // A web console tells neither its host nor its system.
  if (odd && random.chance(0.15)) {
    return { publicIp, privateIp: 'Unknown', hostName: null, operatingSystem: 'Unknown' };
  }
  return { publicIp, privateIp, hostName: `DESK-${desk}`, operatingSystem: system };
}
