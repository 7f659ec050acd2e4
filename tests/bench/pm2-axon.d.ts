// What is used of pm2's RPC, which brings no types.
declare module 'pm2-axon' {
  interface Socket {
    connect(address: string): void;
    once(event: 'connect', connected: () => void): void;
    close(): void;
  }
  const axon: { socket(kind: 'req'): Socket };
  export = axon;
}

declare module 'pm2-axon-rpc' {
  const rpc: {
    Client: new (
      socket: import('pm2-axon').Socket,
    ) => {
      call(method: string, params: object, done: (error: Error | null, result: unknown) => void): void;
    };
  };
  export = rpc;
}
