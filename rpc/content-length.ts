const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;

/** The length that a block of headers names, or what is wrong with the block. Headers of other names are ignored. */
export function parseContentLength(block: string): number | string {
  let length: number | undefined;
  for (const line of block.split('\r\n')) {
    const [, name, value] = headerLine.exec(line) ?? [];
    if (name === undefined || value === undefined) return 'A header must be a name, a colon and a value.';
    if (name.toLowerCase() !== 'content-length') continue;
    if (length !== undefined) return 'Content-Length stands twice in one block of headers.';
    if (!/^\d{1,15}$/.test(value)) return 'Content-Length must be a number of bytes.';
    length = Number(value);
  }
  return length ?? 'A block of headers has no Content-Length.';
}
