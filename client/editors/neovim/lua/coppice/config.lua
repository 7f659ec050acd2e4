-- The options, each with its default. Nothing has to be set.
local M = {}

local defaults = {
  --- Path of the socket; nil finds it as every client does.
  socket = nil,
  --- Connect at once, so that notifications come before anything was opened.
  connect = false,
  --- Show notifications.
  notify = true,
  --- The program behind :Coppice start-daemon.
  program = 'coppice',
  --- Start a daemon when a command finds none.
  start_daemon = false,
  --- Lines that a buffer of output keeps; older ones go.
  output_lines = 10000,
}

local kinds = {
  socket = 'string',
  connect = 'boolean',
  notify = 'boolean',
  program = 'string',
  start_daemon = 'boolean',
  output_lines = 'number',
}

M.options = vim.deepcopy(defaults)

function M.set(given)
  for name, value in pairs(given or {}) do
    if not kinds[name] then
      error(('coppice: there is no option "%s"; :help coppice-options lists them.'):format(tostring(name)), 0)
    end
    if type(value) ~= kinds[name] then
      error(('coppice: the option "%s" is a %s, not a %s.'):format(name, kinds[name], type(value)), 0)
    end
  end
  M.options = vim.tbl_extend('force', vim.deepcopy(defaults), given or {})
  M.options.output_lines = math.max(100, math.floor(M.options.output_lines))
end

return M
