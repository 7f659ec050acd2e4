-- JSON-RPC 2.0 over lines: calls with their answers, and notifications. One object a connection.
local errors = require('coppice.errors')
local json = require('coppice.json')

local M = {}

local uv = vim.uv or vim.loop
local deadline_ms = 60000

local lost = 'The connection to the daemon was lost before it answered; the list shows whether it was done.'

--- `send(line)` writes; `on_notification(method, params)` and `on_fault(sentence)` are told.
function M.new(send, on_notification, on_fault)
  local peer = {}
  local waiting, last_id = {}, 0

  local function settle(id, error, result)
    local call = waiting[id]
    if not call then return end
    waiting[id] = nil
    call.timer:stop()
    call.timer:close()
    call.done(error, result)
  end

  --- `done(error, result)` is called once, later.
  function peer.call(method, params, done)
    local line = json.encode({ jsonrpc = '2.0', id = last_id + 1, method = method, params = json.object(params) })
    if not json.is_utf8(line) then
      vim.schedule(function() done(errors.here('NOT_UTF8', 'What was given has bytes that are not UTF-8; write it in UTF-8.')) end)
      return
    end
    last_id = last_id + 1
    local id = last_id
    local timer = uv.new_timer()
    waiting[id] = { done = done, timer = timer }
    timer:start(deadline_ms, 0, vim.schedule_wrap(function()
      settle(id, errors.here('TIMEOUT', ('The daemon did not answer %s within %d s; see its log.'):format(method, deadline_ms / 1000)))
    end))
    send(line)
  end

  function peer.receive(line)
    local message = json.decode(line)
    if type(message) ~= 'table' then return on_fault('What answers on the socket does not speak JSON-RPC.') end
    if message.method then
      if message.id == nil then on_notification(message.method, type(message.params) == 'table' and message.params or {}) end
    elseif message.id == nil then
      on_fault(('The daemon refused what it was sent: %s'):format(errors.sentence(errors.from_wire(message.error or {}))))
    elseif message.error then
      settle(message.id, errors.from_wire(message.error))
    else
      settle(message.id, nil, message.result)
    end
  end

  --- Settles all calls: none of them will be answered.
  function peer.close()
    for _, id in ipairs(vim.tbl_keys(waiting)) do
      settle(id, errors.here('CLOSED', lost))
    end
  end

  return peer
end

return M
