import { describe, expect, it } from 'vitest';
import { usageLimitOf } from '../../../daemon/agents/host/usage-limit.ts';

const now = new Date(2026, 0, 15, 12, 0, 0).getTime();
const second = 1_000;
const hour = 3_600 * second;
const epoch = now / second + 7_200;

describe('a usage limit in the words of an agent', () => {
  it.each([
    [`Claude AI usage limit reached|${epoch}`, now + 2 * hour],
    [`Claude AI usage limit reached|${epoch}000`, now + 2 * hour],
    ['5-hour limit reached ∙ resets 3pm', now + 3 * hour],
    ['5-hour limit reached ∙ resets 3:30pm', now + 3.5 * hour],
    ['5-hour limit reached ∙ resets 11am', now + 23 * hour],
    ['Weekly limit reached ∙ resets 12am', now + 12 * hour],
    ["You've hit your usage limit. Upgrade to Pro or try again in 3 days 4 hours.", now + 76 * hour],
    ["You've hit your usage limit. Try again in 1 day, 2 hours and 3 minutes.", now + 26 * hour + 180 * second],
    ['{"type":"usage_limit_reached","resets_in_seconds":90}', now + 90 * second],
    [`{"type":"usage_limit_reached","resets_at":${epoch}}`, now + 2 * hour],
    ['Rate limit reached for gpt-5. Please try again in 1.5s.', now + 1_500],
    ['Rate limit reached for gpt-5. Please try again in 350ms.', now + 350],
    ['429 Too Many Requests; Retry-After: 120', now + 120 * second],
    ['API Error: 429 {"type":"rate_limit_error"} retry-after: "30"', now + 30 * second],
    [`Rate limit exceeded until ${new Date(now + hour).toISOString()}`, now + hour],
  ])('"%s" tells when it ends', (text, wakeAt) => {
    expect(usageLimitOf(text, now)).toEqual({ wakeAt });
  });

  it.each(['Overloaded', '429', 'Quota exceeded', 'Claude AI usage limit reached|1000000000', 'Usage limit reached, resets 99'])(
    '"%s" is a limit without a time to come',
    (text) => {
      expect(usageLimitOf(text, now)).toEqual({});
    },
  );

  it.each(['', 'Internal error', 'the file has 4290 lines, try again in 3 hours', 'connection reset at 3pm'])(
    '"%s" is no limit',
    (text) => {
      expect(usageLimitOf(text, now)).toBeUndefined();
    },
  );
});
