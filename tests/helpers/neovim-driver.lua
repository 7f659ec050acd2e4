-- Loaded into a Neovim under test: takes Lua from the test over a socket, one JSON message a line, and answers what it returns. Messages to
-- the user and questions to them are kept; a question is answered as the test said before.
local uv = vim.uv or vim.loop

local driver = { messages = {}, questions = {}, answers = {}, events = {} }
_G.driver = driver
driver.notify = vim.notify

vim.notify = function(text, level)
  table.insert(driver.messages, { text = text, level = level })
end

-- An answer is the text of a choice, as it is shown.
vim.ui.select = function(items, options, done)
  local format = options.format_item or tostring
  local shown = vim.tbl_map(format, items)
  table.insert(driver.questions, { prompt = options.prompt, choices = shown })
  local answer = table.remove(driver.answers, 1)
  for at, text in ipairs(shown) do
    if text == answer then return done(items[at], at) end
  end
  done(nil, nil)
end

vim.ui.input = function(options, done)
  table.insert(driver.questions, { prompt = options.prompt })
  done(table.remove(driver.answers, 1))
end

local function perform(line)
  local order = vim.json.decode(line)
  local chunk, problem = loadstring('local given = ...\n' .. order.lua)
  if not chunk then return { id = order.id, error = problem } end
  local ok, result = pcall(chunk, order.given)
  if ok then return { id = order.id, result = result == nil and vim.NIL or result } end
  return { id = order.id, error = tostring(result) }
end

local server = uv.new_pipe(false)
assert(server:bind(vim.env.NEOVIM_DRIVER .. '.new'))
server:listen(1, function(failed)
  assert(not failed, failed)
  local client = uv.new_pipe(false)
  server:accept(client)
  local received = ''
  client:read_start(function(_, chunk)
    received = received .. (chunk or '')
    for line in received:gmatch('([^\n]*)\n') do
      vim.schedule(function() client:write(vim.json.encode(perform(line)) .. '\n') end)
    end
    received = received:match('([^\n]*)$')
  end)
end)
-- Under its own name only when it listens.
assert(uv.fs_rename(vim.env.NEOVIM_DRIVER .. '.new', vim.env.NEOVIM_DRIVER))
