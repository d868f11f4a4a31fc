import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { optionsFrom, usage } from './command-line.ts';
import type { SimulatedAppliance } from './simulated-appliance.ts';
import { startAppliance } from './start-appliance.ts';

/** The simulated appliance as a program: starts, tells how to reach it, runs until it is interrupted. */
async function main(): Promise<void> {
  const { options, directory, clock, rate, help } = optionsFrom(process.argv.slice(2));
  if (help) {
    process.stdout.write(usage);
    return;
  }
  const folder = directory ?? mkdtempSync(join(tmpdir(), 'simulated-appliance-'));
  const certificateFile = join(folder, 'ca.pem');
  const keyFile = join(folder, 'ca-key.pem');
  const known = existsSync(certificateFile) && existsSync(keyFile);
  const appliance = await startAppliance({
    ...options,
    ...(known
      ? {
          authority: {
            certificatePem: readFileSync(certificateFile, 'utf8'),
            keyPem: readFileSync(keyFile, 'utf8'),
          },
        }
      : {}),
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(certificateFile, appliance.authority.certificatePem);
  writeFileSync(keyFile, appliance.authority.keyPem, { mode: 0o600 });
  if (clock !== undefined) appliance.clock.set(clock);
  if (rate !== undefined) appliance.clock.rate(rate);
  process.stdout.write(describe(appliance, options.product, certificateFile));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void appliance.close());
}

function describe(appliance: SimulatedAppliance, product: string, certificateFile: string): string {
  const accounts = appliance.accounts.map(
    ({ kind, id, secret }) => `${kind === 'oauth' ? 'OAuth account' : 'Legacy user  '}  ${id} / ${secret}\n`,
  );
  return (
    `Simulated ${product} appliance\n` +
    `Address        ${appliance.address}\n` +
    `CA file        ${certificateFile}\n` +
    accounts.join('') +
    'Stop it with Ctrl-C.\n'
  );
}

main().catch((error: unknown) => {
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${text.split('\n', 1)[0]}\n`);
  process.exitCode = 2;
});
