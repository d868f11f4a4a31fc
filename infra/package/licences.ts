import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PackedPackage } from './production-packages.ts';

/** One text with the licence of every package whose code is in the bundle, as most of these licences ask for. */
export function licenceTexts(root: string, packages: readonly PackedPackage[]): string {
  const parts = packages.map(({ folder, name, version, license }) => {
    const files = readdirSync(join(root, folder)).filter((file) =>
      /^(licen[cs]e|notice|copying)/i.test(file),
    );
    const texts = files.sort().map((file) => readFileSync(join(root, folder, file), 'utf8').trim());
    return [`${name} ${version} (${license})`, ...texts].join('\n\n');
  });
  return `${parts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}
