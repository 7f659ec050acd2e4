-- What is said by itself: attention that was raised, and what became of a changed configuration.
local config = require('coppice.config')
local errors = require('coppice.errors')

local M = {}

--- More than this at once is one sentence.
local most = 3

local function keys(list)
  return #list == 0 and 'nothing' or table.concat(list, ', ')
end

local configuration = {
  ['config.fileChanged'] = function(data)
    return ('The configuration file "%s" changed.'):format(data.path), vim.log.levels.INFO
  end,
  ['config.deferred'] = function(data)
    return ('A new configuration (%s) is valid and waits until no session runs.'):format(keys(data.changedKeys)), vim.log.levels.WARN
  end,
  ['config.reloaded'] = function(data)
    local restart = #data.restartRequired > 0 and (' With the next daemon: %s.'):format(keys(data.restartRequired)) or ''
    return ('Configuration %d is in force; changed: %s.%s'):format(data.newVersion, keys(data.changedKeys), restart), vim.log.levels.INFO
  end,
  ['config.reloadFailed'] = function(data)
    local first = data.errors[1] and (' %s'):format(errors.place(data.errors[1])) or ''
    local more = #data.errors > 1 and (' (and %d more)'):format(#data.errors - 1) or ''
    return ('The changed configuration is wrong, so configuration %d stays in force.%s%s'):format(data.keptVersion, first, more), vim.log.levels.ERROR
  end,
}

--- `deps`: say(sentence, level), for what nobody asked for; state.
function M.new(deps)
  local raised = {}

  --- What was cleared meanwhile is not said: a client that comes back hears of all that happened.
  local function say_raised()
    local open = vim.tbl_filter(function(one) return raised[one.id] end, deps.state.attention)
    raised = {}
    if #open > most then
      return deps.say(('%d things wait for you; ":Coppice" shows them.'):format(#open), vim.log.levels.WARN)
    end
    for _, one in ipairs(open) do
      deps.say(('%s: %s'):format(one.kind:gsub('_', ' '), one.title), vim.log.levels.WARN)
    end
  end

  local notices = {}

  function notices.event(event)
    if not config.options.notify then return end
    local sentence = configuration[event.type]
    if sentence then return deps.say(sentence(event.data)) end
    if event.type ~= 'attention.raised' then return end
    if next(raised) == nil then deps.state.touch({ 'attention' }, say_raised) end
    raised[event.data.attentionId] = true
  end

  return notices
end

return M
