-- Starts a command in the project of the working directory, which is registered on first use, as by the CLI.
local json = require('coppice.json')

local M = {}

--- Of this editor itself, and of no use to a build.
local own = { VIM = true, VIMRUNTIME = true, MYVIMRC = true, NVIM = true, NVIM_LISTEN_ADDRESS = true, NVIM_LOG_FILE = true }

--- What the session gets of our environment. The daemon drops its own variables too; the token of a session is better not sent at all.
local function environment()
  local found = {}
  for name, value in pairs(vim.fn.environ()) do
    local is_text = json.is_utf8(name) and json.is_utf8(value)
    if is_text and name ~= '' and #name <= 256 and not own[name] and name:sub(1, 8) ~= 'COPPICE_' then found[name] = value end
  end
  return found
end

--- `key=value` words, split at the first `=`; a key that is given again makes a list. Or nil and a sentence.
function M.arguments(words)
  local given = {}
  for _, word in ipairs(words) do
    local key, value = word:match('^([^=]+)=(.*)$')
    if not key then return nil, ('"%s" is not an argument; write arguments as key=value, like target=unit.'):format(word) end
    local before = given[key]
    given[key] = before == nil and value or vim.list_extend(type(before) == 'table' and before or { before }, { value })
  end
  return given
end

function M.start(app, command, words)
  local given, problem = M.arguments(words)
  if not given then return app.say(problem, vim.log.levels.ERROR) end
  app.call('project.add', { path = vim.fn.getcwd() }, function(error, project)
    if error then return app.fail(error) end
    local params = { project = project.id, command = command, arguments = json.object(given), environment = json.object(environment()) }
    app.call('session.start', params, function(failed, session)
      if failed then return app.fail(failed) end
      app.say(('"%s" has begun; see ":Coppice follow %s".'):format(session.slug, session.slug))
    end)
  end)
end

return M
