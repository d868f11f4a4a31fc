import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { makeAuthority, makeServerCertificate } from './appliance/certificate.ts';

const authority = await makeAuthority();
const certificate = await makeServerCertificate(authority, 'support.example.com');

/** A bare HTTPS server on loopback for replies the simulated appliance does not give; removed with the test. */
export async function tlsServer(
  context: TestContext,
  listener: RequestListener,
): Promise<{ address: string; caPem: string; server: Server }> {
  const server = createServer({ key: certificate.keyPem, cert: certificate.certificatePem }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    address: `localhost:${(server.address() as AddressInfo).port}`,
    caPem: authority.certificatePem,
    server,
  };
}
