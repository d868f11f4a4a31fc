import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createApi } from './api.ts';
import { createBackups } from './backups.ts';
import { makeAuthority, makeServerCertificate } from './certificate.ts';
import { createExchange } from './exchange.ts';
import { Faults } from './faults.ts';
import { resolveOptions } from './options.ts';
import { SentLog } from './sent-log.ts';
import type { ApplianceOptions, SimulatedAppliance } from './simulated-appliance.ts';
import { Tokens } from './tokens.ts';
import { createTruth } from './truth.ts';
import { createWorld } from './world.ts';

/**
 * Starts an appliance on 127.0.0.1, with a certificate from an authority of its own.
 * @throws RangeError for an option that makes no sense; the listening error where the port is taken
 */
export async function startAppliance(options: ApplianceOptions): Promise<SimulatedAppliance> {
  const settings = resolveOptions(options);
  const world = createWorld(settings);
  const backups = createBackups(settings);
  const faults = new Faults();
  const log = new SentLog(settings.logRequests);
  const authority = options.authority ?? (await makeAuthority());
  const certificate = await makeServerCertificate(authority, settings.siteHost);

  const connections = new Set<Socket>();
  const api = createApi(world, new Tokens(), backups);
  const exchange = createExchange({ world, api, faults, log });
  const https = createHttpsServer(
    { key: certificate.keyPem, cert: certificate.certificatePem, minVersion: 'TLSv1.2', keepAlive: false },
    (message, response) => {
      // By the port of the peer, which no other open connection has.
      const { remotePort } = message.socket;
      const connection = [...connections].find((socket) => socket.remotePort === remotePort);
      if (connection) exchange(message, response, connection);
      else message.socket.destroy();
    },
  );
  // The TCP server is apart from the TLS one, to have the bare connection at hand for resets.
  const tcp = createServer({ noDelay: true }, (socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    // Clients break off as they like; what that means for a reply shows on the TLS side.
    socket.on('error', () => {});
    const fault = faults.meetConnection();
    if (fault) {
      log.open('connection', {}).fault = fault.kind;
      socket.resetAndDestroy();
      return;
    }
    https.emit('connection', socket);
  });
  await new Promise<void>((resolve, reject) => {
    tcp.once('error', reject);
    tcp.listen(settings.port, '127.0.0.1', resolve);
  });
  const { port } = tcp.address() as AddressInfo;

  async function close(): Promise<void> {
    if (!tcp.listening) return;
    const closed = new Promise<void>((resolve) => tcp.close(() => resolve()));
    for (const socket of connections) socket.destroy();
    await closed;
  }

  return {
    host: 'localhost',
    port,
    address: `localhost:${port}`,
    accounts: settings.accounts,
    caPem: authority.certificatePem,
    authority,
    clock: world.clock,
    faults,
    withheld: world.withheld,
    log: log.entries,
    truth: createTruth(world, backups),
    operations: world.operations,
    close,
    [Symbol.asyncDispose]: close,
  };
}
