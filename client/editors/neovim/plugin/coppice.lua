-- Only the command is defined at start; what it does is loaded when it is used.
if vim.g.loaded_coppice then return end
vim.g.loaded_coppice = true

if vim.fn.has('nvim-0.7') == 0 then
  vim.api.nvim_err_writeln('coppice needs Neovim 0.7 or newer.')
  return
end

vim.api.nvim_create_user_command('Coppice', function(given)
  require('coppice.commands').run(given.fargs)
end, {
  nargs = '*',
  desc = 'Sessions, spec tasks and what waits for you; see :help coppice',
  complete = function(lead, line, position)
    return require('coppice.completion').complete(lead, line, position)
  end,
})
