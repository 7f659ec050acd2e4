/** The text as UTF-8 has it: halves of characters become U+FFFD. */
export function wellFormed(text: string): string {
  return Buffer.from(text).toString('utf8');
}

export function isWellFormed(text: string): boolean {
  return wellFormed(text) === text;
}
