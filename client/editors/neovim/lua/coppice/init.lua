-- The public face: require('coppice').
local M = {}

--- Options are in :help coppice-options. Needs not be called.
function M.setup(options)
  local config = require('coppice.config')
  config.set(options)
  if config.options.connect then require('coppice.app').get() end
end

--- Calls listener(event) for each event of the daemon, durable ones once and in order, also after a restart. Answers what ends it.
function M.on(listener)
  return require('coppice.app').get().on(listener)
end

--- Any method of the protocol: done(error, result), later. An error is { message, kind or code, details }.
function M.call(method, params, done)
  require('coppice.app').get().call(method, params, done)
end

--- For the status line: how many sessions run, wait and queue, and how much waits for you. Connects when it is first shown.
function M.statusline()
  local app = require('coppice.app').get()
  local is = app.connection.state()
  if is ~= 'up' then return app.daemon and 'coppice away' or '' end
  local counts = app.state.counts()
  local parts = {}
  for _, status in ipairs({ 'running', 'preparing', 'waiting', 'queued' }) do
    if counts[status] then parts[#parts + 1] = ('%d %s'):format(counts[status], status) end
  end
  if #parts == 0 then parts[1] = 'idle' end
  if counts.attention > 0 then parts[#parts + 1] = ('%d !'):format(counts.attention) end
  return 'coppice ' .. table.concat(parts, ', ')
end

--- Closes the connection and all buffers of coppice. The next use begins anew.
function M.stop()
  require('coppice.app').stop()
end

return M
