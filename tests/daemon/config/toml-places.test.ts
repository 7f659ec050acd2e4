import { expect, test } from 'vitest';
import { placesIn } from '../../../daemon/config/toml-places.ts';

const tricky = `# timeout = 0
title = """
[sessions]
timeout = 1
"""
top.inner = 2
[sessions]
"timeout" = 3 # [websocket]
env = { a = 1, "b c" = [
  4,
  { d = 5 } ] }
[models.opus]
tier = "high"
[[list]]
x = 1
[[list]]
x = 2
`;

test.each([
  ['a key below its table', ['sessions', 'timeout'], 8, 1, 8, 13],
  ['a table', ['sessions'], 7, 2, 7, 1],
  ['a dotted key', ['top', 'inner'], 6, 1, 6, 13],
  ['a table that is only on the way', ['models'], 12, 2, 12, 2],
  ['a nested table', ['models', 'opus', 'tier'], 13, 1, 13, 8],
  ['a member of an inline table', ['sessions', 'env', 'a'], 9, 9, 9, 13],
  ['a member of a list in an inline table', ['sessions', 'env', 'b c', '1', 'd'], 11, 5, 11, 9],
  ['a member of a list of tables', ['list', '1', 'x'], 17, 1, 17, 5],
])('%s', async (_, path, nameLine, nameColumn, valueLine, valueColumn) => {
  const placeOf = await placesIn(tricky);
  expect(placeOf(path, 'name')).toEqual({ line: nameLine, column: nameColumn });
  expect(placeOf(path, 'value')).toEqual({ line: valueLine, column: valueColumn });
});

test('what is not in the text stands at the table around it, or nowhere', async () => {
  const placeOf = await placesIn(tricky);
  expect(placeOf(['models', 'opus', 'model'])).toEqual({ line: 12, column: 2 });
  expect(placeOf(['websocket', 'port'])).toBeUndefined();
});

test('a byte order mark before the text is none of it', async () => {
  const placeOf = await placesIn('\ufeffa = 1\n');
  expect(placeOf(['a'], 'value')).toEqual({ line: 1, column: 5 });
});
