-- The list buffer: drawn anew when something changed, with the cursor on what it was on.
local buffers = require('coppice.buffers')

local M = {}

local namespace = vim.api.nvim_create_namespace('coppice')
local links = {
  CoppiceTitle = 'Title', CoppiceDim = 'Comment', CoppiceAttention = 'WarningMsg',
  CoppiceActive = 'Identifier', CoppiceGood = 'String', CoppiceBad = 'ErrorMsg',
}

--- By buffer: the item of each row.
local items = {}

local function key_of(item)
  return item and item.kind .. ':' .. item.id
end

--- Where the cursors are, by what they are on.
local function places(buffer)
  local found = {}
  for _, window in ipairs(vim.fn.win_findbuf(buffer)) do
    local row, column = unpack(vim.api.nvim_win_get_cursor(window))
    found[window] = { key = key_of((items[buffer] or {})[row]), row = row, column = column }
  end
  return found
end

local function put_back(buffer, found)
  local last = vim.api.nvim_buf_line_count(buffer)
  for window, place in pairs(found) do
    local row = math.min(place.row, last)
    for at, item in pairs(items[buffer]) do
      if place.key and key_of(item) == place.key then row = at end
    end
    vim.api.nvim_win_set_cursor(window, { row, place.column })
  end
end

local function draw(app, buffer)
  if not vim.api.nvim_buf_is_loaded(buffer) then return end
  local found = places(buffer)
  local lines, own = {}, {}
  local rows = require('coppice.list-lines').rows(app)
  for at, row in ipairs(rows) do
    lines[at], own[at] = row.text, row.item
  end
  buffers.set_lines(buffer, 0, -1, lines)
  items[buffer] = own
  vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  for at, row in ipairs(rows) do
    if row.group then vim.api.nvim_buf_add_highlight(buffer, namespace, row.group, at - 1, 0, -1) end
  end
  put_back(buffer, found)
end

--- The item under the cursor.
local function here()
  local row = vim.api.nvim_win_get_cursor(0)[1]
  return (items[vim.api.nvim_get_current_buf()] or {})[row]
end

local function keys(app)
  local actions = require('coppice.actions')
  local on_item = function(does)
    return function()
      local item = here()
      if not item then return app.say('There is nothing on this line.', vim.log.levels.WARN) end
      actions[does](app, item)
    end
  end
  return {
    ['<CR>'] = { 'Look at it', on_item('look') },
    o = { 'Follow the output', on_item('output') },
    t = { 'Attach to the terminal in a split', on_item('terminal') },
    a = { 'Show the plan, to approve it there', on_item('plan') },
    c = { 'Show the plan, to request changes there', on_item('plan') },
    p = { 'Answer the permission', on_item('permission') },
    x = { 'Cancel the session', on_item('cancel') },
    d = { 'Take the attention off the list', on_item('clear') },
    R = { 'Read everything anew', function()
      app.wake()
      app.state.reload()
    end },
    q = { 'Close the list', function() vim.api.nvim_buf_delete(0, {}) end },
    ['g?'] = { 'Help', function() vim.cmd('help coppice-list') end },
  }
end

function M.open(app)
  app.wake()
  for group, link in pairs(links) do vim.cmd(('highlight default link %s %s'):format(group, link)) end
  local buffer, unfollow
  local is_new
  buffer, is_new = buffers.open('list', 'coppice', function()
    items[buffer] = nil
    if unfollow then unfollow() end
  end)
  if not is_new then return end
  vim.opt_local.wrap, vim.opt_local.cursorline = false, true
  buffers.map(buffer, keys(app))
  unfollow = app.on_change(function() draw(app, buffer) end)
  draw(app, buffer)
end

return M
