-- Buffers that nobody edits: the list, output and plans.
local M = {}

local prefix = 'coppice://'

function M.all()
  return vim.tbl_filter(function(buffer)
    return vim.api.nvim_buf_is_valid(buffer) and vim.api.nvim_buf_get_name(buffer):sub(1, #prefix) == prefix
  end, vim.api.nvim_list_bufs())
end

function M.find(name)
  for _, buffer in ipairs(M.all()) do
    if vim.api.nvim_buf_get_name(buffer) == prefix .. name then return buffer end
  end
end

local function is_untouched(buffer)
  return vim.api.nvim_buf_get_name(buffer) == ''
    and vim.bo[buffer].buftype == ''
    and not vim.bo[buffer].modified
    and vim.api.nvim_buf_line_count(buffer) == 1
    and vim.api.nvim_buf_get_lines(buffer, 0, 1, false)[1] == ''
end

--- Goes to the buffer: in a window where it is shown, else in a new one, or in this one when nothing is in it.
local function show(buffer)
  local window = vim.fn.bufwinid(buffer)
  if window ~= -1 then return vim.api.nvim_set_current_win(window) end
  if not is_untouched(vim.api.nvim_get_current_buf()) then vim.cmd('botright split') end
  vim.api.nvim_win_set_buf(0, buffer)
end

--- Shows the buffer of that name, made anew unless it is there; answers it, and whether it is new. `on_gone()` is called when it goes away.
function M.open(name, filetype, on_gone)
  local found = M.find(name)
  if found then
    show(found)
    return found, false
  end
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(buffer, prefix .. name)
  local options = vim.bo[buffer]
  options.buftype, options.bufhidden, options.swapfile, options.undolevels = 'nofile', 'wipe', false, -1
  -- Foreign text sets no options of this editor.
  options.modeline, options.modifiable = false, false
  vim.api.nvim_create_autocmd('BufWipeout', { buffer = buffer, once = true, callback = on_gone })
  show(buffer)
  options.filetype = filetype
  return buffer, true
end

function M.set_lines(buffer, first, last, lines)
  if not vim.api.nvim_buf_is_valid(buffer) then return end
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, first, last, false, lines)
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].modified = false
end

--- `keys`: from a key to { what it does as a sentence, function }.
function M.map(buffer, keys)
  for key, does in pairs(keys) do
    vim.keymap.set('n', key, does[2], { buffer = buffer, nowait = true, silent = true, desc = does[1] })
  end
end

return M
