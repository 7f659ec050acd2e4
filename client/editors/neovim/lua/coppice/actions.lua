-- What can be done with an item of the list: { kind, id, value }.
local text = require('coppice.text')

local M = {}

local function not_for(app, item, what)
  app.say(('%s is for %s, and this is none.'):format(what, item), vim.log.levels.WARN)
end

--- What an item says beyond its line, as messages.
local function tell(app, value, keys)
  for _, key in ipairs(keys) do
    if value[key] then app.say(('%s: %s'):format(key, text.one_line(value[key]))) end
  end
end

function M.look(app, item)
  local value = item.value
  if item.kind == 'session' then return M.output(app, item) end
  if item.kind == 'task' then return M.plan(app, item) end
  if item.kind == 'project' then return app.say(('%s: %s'):format(value.name, value.path)) end
  if value.kind == 'permission' then return M.permission(app, item) end
  if value.kind == 'review' then return M.plan(app, item) end
  tell(app, value, { 'title', 'detail', 'remedy' })
end

local function session_of(item)
  return item.kind == 'session' and item.id or item.value.sessionId
end

function M.output(app, item)
  local session = session_of(item)
  if not session then return not_for(app, 'a session', 'Output') end
  require('coppice.output').open(app, session)
end

function M.terminal(app, item)
  local work = item.value.workSessionId
  local session = session_of(item)
  if not session and not work then return not_for(app, 'a session', 'A terminal') end
  require('coppice.terminal').attach(app, session, work)
end

function M.plan(app, item)
  local task = item.kind == 'task' and item.id or item.value.specTaskId
  if not task then return not_for(app, 'a spec task', 'A plan') end
  require('coppice.plan').open(app, { id = task })
end

function M.permission(app, item)
  if item.kind ~= 'attention' or item.value.kind ~= 'permission' then return not_for(app, 'a permission', 'An answer') end
  require('coppice.permission').ask(app, item.value.refId)
end

function M.cancel(app, item)
  if item.kind ~= 'session' then return not_for(app, 'a session', 'Cancelling') end
  local slug = text.one_line(item.value.slug)
  vim.ui.select({ 'Cancel it', 'Let it run' }, { prompt = ('Cancel the session "%s"?'):format(slug) }, function(_, choice)
    if choice == 1 then M.cancel_session(app, item.id) end
  end)
end

function M.cancel_session(app, id)
  app.call('session.cancel', { id = id }, function(error, session)
    if error then return app.fail(error) end
    app.say(('The session "%s" is being cancelled.'):format(session.slug))
  end)
end

function M.clear(app, item)
  if item.kind ~= 'attention' then return not_for(app, 'attention', 'Clearing') end
  app.call('attention.clear', { id = item.id }, function(error)
    if error then app.fail(error) end
  end)
end

return M
