/** What is wrong with the name of a time zone, if anything. */
export function timezoneProblem(timezone: string): string | undefined {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
    return undefined;
  } catch {
    return `"${timezone.slice(0, 60)}" is no time zone; write one like "Europe/Berlin".`;
  }
}
