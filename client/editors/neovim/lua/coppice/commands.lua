-- :Coppice and its words. Each entry: the words it takes, how many of them, and what it does.
local M = {}

local function task_ref(word)
  local number = word:match('^#?(%d+)$')
  return number and { id = '#' .. number, project = vim.fn.getcwd() } or { id = word }
end

local verbs = {
  list = { '', 0, 0, function(app) require('coppice.list').open(app) end },
  run = { '<command> [key=value …]', 1, math.huge, function(app, words)
    require('coppice.run').start(app, words[1], vim.list_slice(words, 2))
  end },
  follow = { '<session>', 1, 1, function(app, words) require('coppice.output').open(app, words[1]) end },
  attach = { '<session or terminal>', 1, 1, function(app, words) require('coppice.terminal').attach(app, words[1]) end },
  cancel = { '<session>', 1, 1, function(app, words) require('coppice.actions').cancel_session(app, words[1]) end },
  plan = { '<task>', 1, 1, function(app, words) require('coppice.plan').open(app, task_ref(words[1])) end },
  approve = { '', 0, 0, function(app) require('coppice.plan').approve(app) end },
  changes = { '[comment]', 0, math.huge, function(app, words)
    require('coppice.plan').request_changes(app, #words > 0 and table.concat(words, ' ') or nil)
  end },
  permission = { '[id] [answer]', 0, 2, function(app, words) require('coppice.permission').ask(app, words[1], words[2]) end },
  ['start-daemon'] = { '', 0, 0, function(app) require('coppice.daemon').start(app) end },
  stop = { '', 0, 0, function() require('coppice.app').stop() end },
}

function M.verbs()
  local names = vim.tbl_keys(verbs)
  table.sort(names)
  return names
end

function M.run(words)
  local name = words[1] or 'list'
  local verb = verbs[name]
  local say = require('coppice.app').say
  if not verb then
    return say(('There is no ":Coppice %s"; there are: %s.'):format(name, table.concat(M.verbs(), ', ')), vim.log.levels.ERROR)
  end
  local rest = vim.list_slice(words, 2)
  if #rest < verb[2] or #rest > verb[3] then
    return say(('Write it as ":Coppice %s".'):format(vim.trim(name .. ' ' .. verb[1])), vim.log.levels.ERROR)
  end
  if name == 'stop' then return verb[4]() end
  verb[4](require('coppice.app').get(), rest)
end

return M
