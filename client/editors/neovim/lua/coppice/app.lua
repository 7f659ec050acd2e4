-- Puts the parts together. There is one app at most; stop() ends it, and the next use begins another.
local config = require('coppice.config')
local text = require('coppice.text')

local M = {}

local version = '0.1.0'
local current

--- Where the name says so, the daemon lowers what processes inside a session may do.
local function hello()
  local token = vim.env.COPPICE_TOKEN
  return {
    protocolVersion = { min = 1, max = 1 },
    client = { name = 'neovim', version = version },
    token = token ~= '' and token or nil,
  }
end

function M.say(sentence, level)
  vim.notify('coppice: ' .. text.one_line(sentence), level or vim.log.levels.INFO)
end

--- As say, for what nobody asked for. Neovim's own notify stops for a key when a message is longer than its line, and would take it from
--- whoever types; so there it is cut.
function M.hint(sentence, level)
  local builtin = debug.getinfo(vim.notify, 'S').source:sub(1, 5) == '@vim/'
  local columns = vim.o.columns * math.max(1, vim.o.cmdheight) - #'coppice: ' - 13
  M.say(builtin and text.truncate(text.one_line(sentence), columns) or sentence, level)
end

--- Shows what a call failed with.
function M.fail(error)
  if error.told then return end
  M.say(require('coppice.errors').sentence(error), vim.log.levels.ERROR)
end

local function create()
  local app = { say = M.say, fail = M.fail }
  local listeners, changed = {}, {}
  local connection, feed, state, notices
  --- Whether it was said that the daemon is away.
  local away = false

  --- What one does wrong must not keep the others from knowing.
  local function guarded(what, does, ...)
    local ok, problem = pcall(does, ...)
    if not ok then M.say(('%s failed: %s'):format(what, problem), vim.log.levels.ERROR) end
  end

  local function tell_all(all, what, ...)
    for _, listener in ipairs(vim.tbl_keys(all)) do guarded(what, listener, ...) end
  end

  local function change()
    tell_all(changed, 'Showing what changed')
    vim.cmd('redrawstatus!')
  end

  local function subscribe_to(all, listener)
    -- The same function may be given twice.
    local own = function(...) return listener(...) end
    all[own] = true
    return function() all[own] = nil end
  end

  app.call = function(method, params, done) connection.call(method, params, done) end
  --- listener(event) for each event, durable ones once and in order. Answers what ends it.
  app.on = function(listener) return subscribe_to(listeners, listener) end
  app.on_change = function(listener) return subscribe_to(changed, listener) end
  app.wake = function() connection.wake() end

  state = require('coppice.state').new({ call = app.call, on_change = change, on_error = M.fail })
  notices = require('coppice.notices').new({ say = M.hint, state = state })
  feed = require('coppice.feed').new({
    call = app.call,
    on_snapshot = state.begin,
    on_resumed = function() state.reload() end,
    on_event = function(event)
      local what = text.one_line(event.type)
      guarded(('Reading anew after "%s"'):format(what), state.event, event)
      guarded(('Telling of "%s"'):format(what), notices.event, event)
      tell_all(listeners, ('A listener of "%s"'):format(what), event)
    end,
    on_missed = function(why)
      M.hint(why, vim.log.levels.WARN)
      state.reload()
    end,
    on_error = function(error)
      if error.code then return end
      M.fail(error)
      connection.drop()
    end,
  })
  connection = require('coppice.connection').new({
    sockets = function() return require('coppice.places').sockets(config.options.socket) end,
    hello = hello,
    on_up = function(answer)
      app.daemon = answer.daemon
      feed.up()
      if away then M.hint('The daemon is back.') end
      away = false
    end,
    on_down = function()
      feed.down()
      change()
    end,
    on_failed = function(sentence, was_up, asked)
      local tells = was_up and not away
      if tells then
        away = true
        M.hint(sentence, vim.log.levels.WARN)
      end
      change()
      local starts = asked and config.options.start_daemon and require('coppice.daemon').start(app)
      return starts, tells
    end,
    on_fault = function(sentence)
      M.say(sentence, vim.log.levels.ERROR)
      change()
    end,
    on_notification = feed.notification,
    on_bug = function(problem)
      M.say(('An answer of the daemon was not understood: %s'):format(problem), vim.log.levels.ERROR)
    end,
  })
  app.state, app.feed, app.connection = state, feed, connection

  app.close = function()
    listeners, changed = {}, {}
    state.close()
    connection.close()
  end
  return app
end

function M.get()
  if current then return current end
  current = create()
  local leaving = vim.api.nvim_create_augroup('coppice', { clear = true })
  vim.api.nvim_create_autocmd('VimLeavePre', { group = leaving, callback = M.stop })
  current.wake()
  return current
end

--- The app if there is one: who only looks begins none.
function M.peek()
  return current
end

function M.stop()
  if not current then return end
  local last = current
  current = nil
  last.close()
  for _, buffer in ipairs(require('coppice.buffers').all()) do
    vim.api.nvim_buf_delete(buffer, { force = true })
  end
  pcall(vim.api.nvim_del_augroup_by_name, 'coppice')
end

return M
