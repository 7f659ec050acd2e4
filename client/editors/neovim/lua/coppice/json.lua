-- JSON as the wire has it. null and absent are the same here: nil.
local M = {}

local nothing = { luanil = { object = true, array = true } }

--- A surrogate without its other half is valid JSON, but this editor's parser refuses the whole text for it.
local function without_lone_surrogates(text)
  local parts, from, at = {}, 1, 1
  while true do
    local escape = text:find('\\', at, true)
    if not escape then break end
    local unit = text:match('^u([dD][89a-fA-F]%x%x)', escape + 1)
    if not unit then
      at = escape + 2
    elseif unit:find('^.[89abAB]') and text:find('^\\u[dD][c-fC-F]%x%x', escape + 6) then
      at = escape + 12
    else
      parts[#parts + 1] = text:sub(from, escape - 1) .. '\\ufffd'
      from, at = escape + 6, escape + 6
    end
  end
  return table.concat(parts) .. text:sub(from)
end

--- Answers the value, or nil when the text is not JSON.
function M.decode(text)
  local ok, value = pcall(vim.json.decode, text, nothing)
  if ok then return value end
  ok, value = pcall(vim.json.decode, without_lone_surrogates(text), nothing)
  if ok then return value end
  return nil
end

--- An object, also when it is empty: a plain empty table would become a list.
function M.object(value)
  if value == nil or next(value) == nil then return vim.empty_dict() end
  return value
end

function M.encode(value)
  return vim.json.encode(value)
end

--- The daemon closes a connection for a byte that is not UTF-8, so such a text must not be sent.
function M.is_utf8(text)
  local at = text:find('[\128-\255]')
  while at do
    local first, second = text:byte(at, at + 1)
    local length = (first >= 0xC2 and first < 0xE0) and 2 or (first >= 0xE0 and first < 0xF0) and 3 or (first >= 0xF0 and first < 0xF5) and 4
    if not length or not text:find('^' .. ('[\128-\191]'):rep(length - 1), at + 1) then return false end
    -- Forms that are longer than needed, surrogates, and what is past the last character.
    if first == 0xE0 and second < 0xA0 or first == 0xED and second > 0x9F then return false end
    if first == 0xF0 and second < 0x90 or first == 0xF4 and second > 0x8F then return false end
    at = text:find('[\128-\255]', at + length)
  end
  return true
end

return M
