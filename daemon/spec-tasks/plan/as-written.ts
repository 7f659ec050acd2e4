import { asText, isMap, isPlain } from '../../commands/scalar.ts';

/** YAML as plain data in which every scalar is text, just as the plan has it: `true` is "true" and 1.10 is "1.10". */
export function asWritten(value: unknown): unknown {
  if (isPlain(value)) return asText(value);
  if (Array.isArray(value)) return value.map(asWritten);
  return isMap(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asWritten(item)])) : value;
}
