import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleFunctions } from './bundle.ts';
import { licenceTexts } from './licences.ts';
import { copyPluginPackages } from './plugin-packages.ts';
import { type PackedPackage, productionPackages } from './production-packages.ts';

export interface StagedPackage {
  /** Packages with code in the bundle. */
  readonly packages: readonly PackedPackage[];
  /** Those of them with code that is loaded as an instance starts. */
  readonly atStart: readonly PackedPackage[];
}

/** Makes the folder that is deployed, anew: host.json, package.json, the bundle and licences. */
export async function stagePackage(root: string, folder: string): Promise<StagedPackage> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { inputs, atStart } = await bundleFunctions(root, folder);
  const packages = productionPackages(root, inputs);
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  // Neither scripts nor dependencies: nothing is to be built or installed where it runs.
  const { name, version, license, type, main } = manifest;
  const own = { name, version, license, private: true, type, main };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(own, null, 2)}\n`);
  copyPluginPackages(root, folder);
  cpSync(join(root, 'host.json'), join(folder, 'host.json'));
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  writeFileSync(join(folder, 'third-party-licences.txt'), licenceTexts(root, packages));
  return { packages, atStart: productionPackages(root, atStart) };
}
