-- Turns foreign text into lines that do no harm in a buffer, a prompt or the status line. No state, no I/O.
local M = {}

local replacement = '\239\191\189' -- U+FFFD

--- Whole escape sequences go. What is cut off or malformed loses only its first character, later, as any control character does.
local function without_escapes(text)
  -- The eight-bit forms, which are characters of their own in UTF-8.
  text = text:gsub('\194\155', '\27['):gsub('\194\157', '\27]'):gsub('\194\144', '\27P')
  text = text:gsub('\27[%]PX%^_][^\7\27]*\7', ''):gsub('\27[%]PX%^_][^\7\27]*\27\\', '')
  text = text:gsub('\27%[[0-?]*[ -/]*[@-~]', '')
  return (text:gsub('\27[ -/]*[0-OQ-WYZ\\`-~]', ''))
end

--- Control characters, and those that turn the direction of what stands around them.
local function without_controls(text, instead)
  text = text:gsub('%c', instead):gsub('\194[\128-\159]', instead)
  text = text:gsub('\226\128[\142\143\168-\174]', instead):gsub('\226\129[\166-\169]', instead)
  return (text:gsub('\216\156', instead):gsub('\239\187\191', instead))
end

--- One line of a title, a name or an error.
function M.one_line(value)
  if value == nil then return '' end
  local text = without_escapes(tostring(value)):gsub('%s*[\r\n]%s*', ' '):gsub('\t', ' ')
  return vim.trim(without_controls(text, replacement))
end

--- One line of program output as a terminal would leave it: what a carriage return wrote over is gone.
function M.output_line(raw)
  local text = without_escapes(raw):gsub('\r+$', '')
  text = text:match('([^\r]*)$')
  return (without_controls(text:gsub('\t', '    '), ''))
end

--- The lines of a document.
function M.lines(document)
  local lines = vim.split(without_escapes(document or ''):gsub('\r\n', '\n'), '\n', { plain = true })
  for at, line in ipairs(lines) do
    lines[at] = without_controls(line:gsub('\t', '    '), replacement)
  end
  return lines
end

function M.truncate(text, columns)
  if vim.fn.strdisplaywidth(text) <= columns then return text end
  return vim.fn.strcharpart(text, 0, columns - 1) .. '…'
end

--- Exactly so many columns wide, or wider when the text is.
function M.pad(text, columns)
  return text .. string.rep(' ', columns - vim.fn.strdisplaywidth(text))
end

--- Where a text may be cut so that no character is split: the last such place that is not past `limit`.
function M.cut(text, limit)
  while limit > 1 do
    local after = text:byte(limit + 1)
    if after == nil or after < 0x80 or after > 0xBF then return limit end
    limit = limit - 1
  end
  return limit
end

--- The local time of an ISO 8601 time in UTC, as hours and minutes, with the day when that is not today.
function M.clock(time)
  local year, month, day, hour, minute, second = (time or ''):match('^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)')
  if not year then return '' end
  local as_local = os.time({ year = year, month = month, day = day, hour = hour, min = minute, sec = second, isdst = false })
  local now = os.time()
  local utc = os.date('!*t', now)
  utc.isdst = false
  local at = as_local + os.difftime(now, os.time(utc))
  return os.date(os.date('%F', at) == os.date('%F', now) and '%H:%M' or '%b %d %H:%M', at)
end

return M
