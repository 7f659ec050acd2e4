// What a plan calls its tasks: 2, 1.1, 3a, T003.

/** The inside of a pattern: a label. */
export const labelPattern = String.raw`T\d{1,6}[a-z]?|\d{1,6}(?:\.\d{1,6}){0,3}[a-z]?`;

const forms = [
  String.raw`(?:task|step) #?(?<named>${labelPattern})\s{0,8}[:.)\-–—]`,
  String.raw`(?<marked>T\d{1,6}[a-z]?)(?:\s{0,8}[:.)]|\s{1,8}[-–—])?`,
  String.raw`(?<dotted>\d{1,4}(?:\.\d{1,4}){1,3})[:.)]?`,
  String.raw`(?<plain>\d{1,4})[:.)]`,
];
const inTitle = new RegExp(String.raw`^(?:${forms.join('|')})(?:\s{1,8}|$)`, 'i');

/** The label that a title begins with, and the title behind it. */
export function readLabel(title: string): { readonly label: string; readonly rest: string } | undefined {
  const found = inTitle.exec(title);
  const label = Object.values(found?.groups ?? {}).find((group) => group !== undefined);
  return found && label ? { label, rest: title.slice(found[0].length).trim() } : undefined;
}

/** Labels that are the same to whoever refers to them: T3 and t003, 1 and 01. */
export function canonicalLabel(label: string): string {
  return label.toLowerCase().replace(/^(t?)0+(?=\d)/, '$1');
}
