-- Completion of :Coppice. It answers from what is known and never waits: what is not known yet is asked for, and is there the next time.
local M = {}

--- By working directory: { names, arguments = { [command] = list } }, each nil until it was answered.
local known = {}
local asked = {}

--- Asks once at a time; the answer replaces what was known.
local function ask(app, key, method, params, take)
  if asked[key] then return end
  asked[key] = true
  app.call(method, params, function(error, answer)
    asked[key] = nil
    -- A folder without a project has no commands: there is nothing to complete, and running one says why.
    take(not error and answer or nil)
  end)
end

local function of(folder)
  known[folder] = known[folder] or { names = {}, arguments = {} }
  return known[folder]
end

local function learn_names(app, folder)
  ask(app, folder, 'command.list', { project = folder, limit = 200 }, function(answer)
    of(folder).names = answer and vim.tbl_map(function(one) return one.name end, answer.commands) or {}
  end)
end

local function learn_arguments(app, folder, command)
  ask(app, folder .. '\n' .. command, 'command.get', { project = folder, name = command }, function(answer)
    of(folder).arguments[command] = answer and answer.arguments or nil
  end)
end

local function starting_with(lead, all)
  return vim.tbl_filter(function(one) return one:sub(1, #lead) == lead end, all)
end

local function commands(app, folder, lead)
  learn_names(app, folder)
  local found = starting_with(lead, of(folder).names)
  -- Its arguments are what comes next.
  for at = 1, math.min(#found, 5) do learn_arguments(app, folder, found[at]) end
  return found
end

local function values(argument)
  if argument.type == 'boolean' then return { 'true', 'false' } end
  return vim.tbl_map(tostring, argument.choices or {})
end

local function arguments(app, folder, command, given, lead)
  learn_arguments(app, folder, command)
  local all = {}
  for _, argument in ipairs(of(folder).arguments[command] or {}) do
    local key = argument.name .. '='
    if lead:sub(1, #key) == key then
      return starting_with(lead, vim.tbl_map(function(value) return key .. value end, values(argument)))
    end
    local is_given = vim.tbl_contains(vim.tbl_map(function(word) return word:match('^[^=]*=') end, given), key)
    if argument.type == 'list' or not is_given then all[#all + 1] = key end
  end
  return starting_with(lead, all)
end

local function sessions(app, lead, wanted)
  local slugs = {}
  for _, session in ipairs(app.state.sessions) do
    if wanted(session) then slugs[#slugs + 1] = session.slug end
  end
  return starting_with(lead, slugs)
end

local function tasks(app, lead)
  return starting_with(lead, vim.tbl_map(function(task) return task.id end, app.state.tasks))
end

local function permissions(app, lead)
  local ids = {}
  for _, one in ipairs(app.state.attention) do
    if one.kind == 'permission' and one.refId then ids[#ids + 1] = one.refId end
  end
  return starting_with(lead, ids)
end

function M.complete(lead, line, position)
  local words = vim.split(line:sub(1, position), '%s+', { trimempty = true })
  if lead ~= '' then table.remove(words) end
  local app = require('coppice.app').get()
  app.wake()
  local verb = words[2]
  local folder = vim.fn.getcwd()
  if not verb then return starting_with(lead, require('coppice.commands').verbs()) end
  if verb == 'run' and #words == 2 then return commands(app, folder, lead) end
  if verb == 'run' then return arguments(app, folder, words[3], vim.list_slice(words, 4), lead) end
  if #words > 2 then return {} end
  if verb == 'follow' or verb == 'attach' then return sessions(app, lead, function() return true end) end
  if verb == 'cancel' then return sessions(app, lead, function(one) return one.endedAt == nil end) end
  if verb == 'plan' then return tasks(app, lead) end
  if verb == 'permission' then return permissions(app, lead) end
  return {}
end

return M
