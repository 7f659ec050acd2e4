const longChars = 16 * 1024;

/** A part of messages that many connections get, like a page of events. */
export class SharedText {
  readonly text: string;
  #bytes: Buffer | undefined;

  /** JSON without line feeds. */
  constructor(text: string) {
    this.text = text;
  }

  /** A short one is faster as a part of the text around it than as a piece of its own. */
  get isLong(): boolean {
    return this.text.length > longChars;
  }

  /** Encoded once, and not copied for any connection. */
  get bytes(): Buffer {
    this.#bytes ??= Buffer.from(this.text);
    return this.#bytes;
  }
}
