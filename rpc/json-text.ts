/** A result that is JSON already. A handler which keeps or gets text returns this, and nothing parses or serialises it again. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = oneLine(text);
  }
}

/** Line feeds can only be white space in JSON, and would end a message in newline framing. */
export function oneLine(json: string): string {
  return json.includes('\n') ? json.replaceAll('\n', ' ') : json;
}
