-- One Unix socket as lines in and lines out. It knows nothing of what they say.
local M = {}

local uv = vim.uv or vim.loop
--- The daemon sends no longer message than 8 MiB, and output may double in JSON.
local longest_line = 32 * 1024 * 1024

--- Calls `on.open()`, then `on.lines(lines)`, and once `on.close(why)`, all where the editor's functions may be used.
function M.open(path, on)
  local pipe = uv.new_pipe(false)
  local parts, size, closed, muted = {}, 0, false, false

  local function close(why)
    if closed then return end
    closed = true
    if not pipe:is_closing() then pipe:close() end
    vim.schedule(function() on.close(why) end)
  end

  local function take(chunk)
    local lines, from = {}, 1
    local newline = chunk:find('\n', from, true)
    while newline do
      parts[#parts + 1] = chunk:sub(from, newline - 1)
      lines[#lines + 1] = table.concat(parts)
      parts, size, from = {}, 0, newline + 1
      newline = chunk:find('\n', from, true)
    end
    if from <= #chunk then
      parts[#parts + 1] = chunk:sub(from)
      size = size + #chunk - from + 1
    end
    if #lines > 0 then
      -- Also when the other side has closed meanwhile: what it said before is still true.
      vim.schedule(function() if not muted then on.lines(lines) end end)
    end
    if size > longest_line then close('the daemon sent a line without an end') end
  end

  pipe:connect(path, function(problem)
    if closed then return end
    if problem then return close(problem) end
    vim.schedule(function() if not muted then on.open() end end)
    pipe:read_start(function(failed, chunk)
      if failed or not chunk then return close(failed or 'the daemon closed the connection') end
      take(chunk)
    end)
  end)

  return {
    send = function(line)
      if closed then return end
      pipe:write(line .. '\n', function(problem) if problem then close(problem) end end)
    end,
    close = function()
      muted = true
      close('closed here')
    end,
  }
end

return M
