/** The protocol versions this code speaks, compared as a range and apart from package versions. */
export const protocol = { min: 1, max: 1 } as const;

/** Methods that stay understood whatever the version: enough to see, describe and stop a daemon. */
export const foreverMethods = ['daemon.hello', 'rpc.discover', 'daemon.status', 'daemon.stop'] as const;

/** Subprotocol by which a browser shows its token: this, then the token. */
export const webSocketTokenPrefix = 'coppice.token.';
