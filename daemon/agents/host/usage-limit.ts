// A usage limit in the words of an agent, and when it ends. Pure.

export interface UsageLimit {
  /** Milliseconds since the epoch; absent: the agent did not say. */
  readonly wakeAt?: number;
}

const isLimit = /usage[ _-]limit|rate[ _-]?limit|limit[ _-]reached|too many requests|quota exceeded|overloaded|\b429\b/i;
const secondMs = 1_000;
const units: Readonly<Record<string, number>> = {
  millisecond: 0.001,
  ms: 0.001,
  second: 1,
  sec: 1,
  s: 1,
  minute: 60,
  min: 60,
  m: 60,
  hour: 3_600,
  hr: 3_600,
  h: 3_600,
  day: 86_400,
  d: 86_400,
  week: 604_800,
  w: 604_800,
};

/** undefined: the text tells of no limit. `now` in milliseconds. */
export function usageLimitOf(text: string, now: number): UsageLimit | undefined {
  if (!isLimit.test(text)) return undefined;
  const wakeAt = epochIn(text) ?? durationIn(text, now) ?? clockIn(text, now) ?? isoIn(text);
  return wakeAt === undefined || wakeAt <= now ? {} : { wakeAt };
}

/** "…usage limit reached|1767225600", "resets_at": 1767225600. */
function epochIn(text: string): number | undefined {
  const digits = /\|(\d{10})(\d{3})?\b/.exec(text);
  if (digits) return Number(digits[1]) * secondMs;
  const field = /resets?[_ ]at["']?\s*[:=]?\s*(\d{10})\b/i.exec(text);
  return field ? Number(field[1]) * secondMs : undefined;
}

/** "try again in 3 days 4 hours", "retry-after: 120", "resets in 2h 5m", "in 1.5s". */
function durationIn(text: string, now: number): number | undefined {
  const after = /(?:retry[-_ ]after|resets?_in_seconds)["']?\s*[:=]?\s*["']?(\d+)/i.exec(text);
  if (after) return now + Number(after[1]) * secondMs;
  const said = /\b(?:in|after)\s+((?:(?:about\s+)?\d+(?:\.\d+)?\s*[a-z]+[\s,]*(?:and\s+)?)+)/i.exec(text)?.[1];
  if (said === undefined) return undefined;
  let seconds = 0;
  for (const [, count = '', word = ''] of said.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)) {
    const unit = units[word.toLowerCase()] ?? units[word.toLowerCase().replace(/s$/, '')];
    if (unit !== undefined) seconds += Number(count) * unit;
  }
  return seconds === 0 ? undefined : now + Math.round(seconds * secondMs);
}

/** "resets 3pm", "resets at 15:30": the next time that the local clock shows it. */
function clockIn(text: string, now: number): number | undefined {
  const said = /\b(?:resets?|until|again)\s+(?:at\s+)?(\d{1,2})(?::(\d{2}))?\s*(am|pm)?\b/i.exec(text);
  if (!said) return undefined;
  const [, hourText = '', minuteText = '0', half] = said;
  if (half === undefined && said[2] === undefined) return undefined;
  const hour = (Number(hourText) % (half === undefined ? 24 : 12)) + (half?.toLowerCase() === 'pm' ? 12 : 0);
  const date = new Date(now);
  date.setHours(hour, Number(minuteText), 0, 0);
  if (date.getTime() <= now) date.setDate(date.getDate() + 1);
  return date.getTime();
}

function isoIn(text: string): number | undefined {
  const said = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})/.exec(text)?.[0];
  const at = said === undefined ? Number.NaN : Date.parse(said);
  return Number.isNaN(at) ? undefined : at;
}
