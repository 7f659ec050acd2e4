-- Answers what an agent asks before it does something.
local json = require('coppice.json')
local text = require('coppice.text')

local M = {}

local longest_input = 300

--- What the agent wants to do, beyond the title that it gave itself.
local function question(asked)
  local call = type(asked.toolCall) == 'table' and asked.toolCall or {}
  local parts = { text.one_line(asked.title) }
  if type(call.kind) == 'string' then parts[#parts + 1] = ('(%s)'):format(text.one_line(call.kind)) end
  if type(call.rawInput) == 'table' then parts[#parts + 1] = text.truncate(text.one_line(json.encode(call.rawInput)), longest_input) end
  return table.concat(parts, ' ') .. ':'
end

local function answer(app, asked, option)
  app.call('permission.answer', { id = asked.id, optionId = option }, function(error, answered)
    if error then return app.fail(error) end
    app.say(('"%s" is answered with "%s".'):format(asked.title, answered.answer))
  end)
end

local function choose(app, asked)
  local format = function(option) return ('%s (%s)'):format(text.one_line(option.name), text.one_line(option.kind):gsub('_', ' ')) end
  vim.ui.select(asked.options, { prompt = question(asked), format_item = format }, function(option)
    if option then answer(app, asked, option.optionId) end
  end)
end

--- By its id or kind; "allow" and "reject" are those for this once.
local function option_of(asked, word)
  for _, matches in ipairs({
    function(one) return one.optionId == word end,
    function(one) return one.kind == word end,
    function(one) return one.kind == word .. '_once' end,
  }) do
    for _, option in ipairs(asked.options) do
      if matches(option) then return option.optionId end
    end
  end
end

local function pending(app, cursor, found, done)
  app.call('permission.list', { status = 'pending', limit = 200, cursor = cursor }, function(error, page)
    if error then return app.fail(error) end
    vim.list_extend(found, page.permissions)
    if page.nextCursor then return pending(app, page.nextCursor, found, done) end
    done(found)
  end)
end

local function names_of(asked)
  return table.concat(vim.tbl_map(function(one) return text.one_line(one.optionId) end, asked.options), ', ')
end

local function go_on(app, asked, word)
  if not word then return choose(app, asked) end
  local option = option_of(asked, word)
  if option then return answer(app, asked, option) end
  app.say(('"%s" is none of its answers; they are: %s.'):format(word, names_of(asked)), vim.log.levels.ERROR)
end

--- Without an id, one is picked from those that wait. `word` is the answer, when it is known.
function M.ask(app, id, word)
  pending(app, nil, {}, function(found)
    if id then
      for _, asked in ipairs(found) do
        if asked.id == id then return go_on(app, asked, word) end
      end
      return app.say(('The permission "%s" waits for no answer any more.'):format(id), vim.log.levels.WARN)
    end
    if #found == 0 then return app.say('No agent asks for a permission.') end
    if #found == 1 then return go_on(app, found[1], word) end
    vim.ui.select(found, { prompt = 'Which one?', format_item = function(one) return text.one_line(one.title) end }, function(asked)
      if asked then go_on(app, asked, word) end
    end)
  end)
end

return M
