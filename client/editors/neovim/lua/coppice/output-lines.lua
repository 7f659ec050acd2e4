-- Output as it grows, in a buffer: whole lines as they come, and the last one as far as it is known. Old lines go.
local buffers = require('coppice.buffers')
local text = require('coppice.text')

local M = {}

--- A longer line is broken: the editor is slow with those.
local longest_line = 4096

--- Puts all but the rest into `lines`, and answers the rest.
local function broken(raw, lines)
  while #raw > longest_line do
    local at = text.cut(raw, longest_line)
    lines[#lines + 1] = text.output_line(raw:sub(1, at))
    raw = raw:sub(at + 1)
  end
  return raw
end

function M.new(buffer, most_lines)
  local lines_of = {}
  --- What follows the last newline, as it came. It is the last line of the buffer.
  local tail = ''

  local function at_the_end()
    local last = vim.api.nvim_buf_line_count(buffer)
    return vim.tbl_filter(function(window)
      return vim.api.nvim_win_get_cursor(window)[1] == last
    end, vim.fn.win_findbuf(buffer))
  end

  local function trim()
    local over = vim.api.nvim_buf_line_count(buffer) - most_lines
    if over <= 0 then return end
    buffers.set_lines(buffer, 0, over + 1, { '… older lines are not shown here; "coppice logs" prints all of them' })
  end

  --- Replaces the last line of the buffer by these; who looks at the end goes on doing so.
  local function put(lines)
    if not vim.api.nvim_buf_is_valid(buffer) then return end
    local followers = at_the_end()
    buffers.set_lines(buffer, -2, -1, lines)
    trim()
    local last = vim.api.nvim_buf_line_count(buffer)
    for _, window in ipairs(followers) do vim.api.nvim_win_set_cursor(window, { last, 0 }) end
  end

  function lines_of.append(data)
    local lines = {}
    local raw = vim.split(tail .. data, '\n', { plain = true })
    for at = 1, #raw - 1 do
      local rest = broken(raw[at], lines)
      lines[#lines + 1] = text.output_line(rest)
    end
    tail = broken(raw[#raw], lines)
    lines[#lines + 1] = text.output_line(tail)
    put(lines)
  end

  --- A line of our own, between those of the output.
  function lines_of.note(sentence)
    local lines = tail ~= '' and { text.output_line(tail) } or {}
    tail = ''
    vim.list_extend(lines, { ('── %s'):format(text.one_line(sentence)), '' })
    put(lines)
  end

  return lines_of
end

return M
