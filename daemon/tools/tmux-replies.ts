// Reads what tmux writes to a control-mode client: replies between %begin and %end or %error, and notices, which are passed over.

export interface TmuxReply {
  readonly failed: boolean;
  readonly lines: string[];
}

/** Takes the bytes as they come and hands out the replies to commands of this client, in order. */
export function createReplyReader(onReply: (reply: TmuxReply) => void): (chunk: Buffer) => void {
  let rest: Buffer[] = [];
  let open: { readonly guard: string; readonly ours: boolean; readonly lines: string[] } | undefined;

  function take(line: string): void {
    if (open === undefined) {
      // The third number is 1 for what this client sent, 0 for its first command and for hooks.
      const match = /^%begin (\d+ \d+ (\d+))$/.exec(line);
      if (match) open = { guard: match[1] as string, ours: match[2] === '1', lines: [] };
      return;
    }
    // Only the guard of the opening line closes a reply: a screen that is captured may show such lines too.
    const failed = line === `%error ${open.guard}`;
    if (!failed && line !== `%end ${open.guard}`) {
      open.lines.push(line);
      return;
    }
    const { ours, lines } = open;
    open = undefined;
    if (ours) onReply({ failed, lines });
  }

  return (chunk) => {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      const piece = chunk.subarray(from, end);
      from = end + 1;
      // Joined as bytes, since a character may be cut by the edge of a chunk.
      take((rest.length === 0 ? piece : Buffer.concat([...rest, piece])).toString('utf8'));
      rest = [];
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  };
}
