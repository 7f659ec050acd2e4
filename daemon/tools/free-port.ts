import { createServer } from 'node:net';

// "localhost" is either of the two; the second may not exist on a machine.
const hosts = ['127.0.0.1', '::1'];

/** Nobody listens on it now, proven by listening there for a moment. */
export async function isPortFree(port: number): Promise<boolean> {
  for (const host of hosts) {
    if (!(await canListen(port, host))) return false;
  }
  return true;
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(host !== hosts[0] && ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(error.code ?? '')),
    );
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
