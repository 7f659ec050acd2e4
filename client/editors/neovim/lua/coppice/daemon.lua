-- Starts a daemon as people do, when they ask for it.
local config = require('coppice.config')

local M = {}

local starting = false

local function problem_of(code, lines)
  local said = table.concat(vim.tbl_filter(function(line) return line ~= '' end, lines), ' ')
  return said ~= '' and said:gsub('^coppice: ', '') or ('"%s daemon start" ended with %d.'):format(config.options.program, code)
end

--- Answers whether one is on its way: app.wake() is called when it answers, or when nothing came of it.
function M.start(app)
  if starting then return true end
  local program = config.options.program
  if vim.fn.executable(program) == 0 then
    app.say(('The program "%s" is not on the PATH; set the option "program" to where it is.'):format(program), vim.log.levels.ERROR)
    return false
  end
  local stderr = {}
  starting = true
  vim.fn.jobstart({ program, 'daemon', 'start' }, {
    stderr_buffered = true,
    on_stderr = function(_, lines) stderr = lines end,
    on_exit = function(_, code)
      starting = false
      if code == 0 then
        app.say('The daemon runs.')
      else
        app.say(problem_of(code, stderr), vim.log.levels.ERROR)
      end
      app.wake()
    end,
  })
  return true
end

return M
