/**
 * Text as a terminal may paste it: without control characters but tabs and line ends. One of them could end the brackets around the paste,
 * and what follows would be keys: a message of one agent would type commands at the next.
 */
export function pasteable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (char) => (char === '\t' || char === '\n' || char === '\r' ? char : ''));
}
