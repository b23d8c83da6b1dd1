-- Removes messages that were handled, keeps their answers, and reads the next messages: the same
-- ones again if the result was lost. ARGV: id after which is read, count, bytes;
-- first id that is kept, or nothing; number of ids of messages that leave before older ones or were
-- tried again, these ids; first part of the keys of answers, lifetime of answers; for each sender
-- its name, twice the number of its answers, and for each answer its number and itself.
local call, mail = redis.call, KEYS[1]
local commits, read, begun = tonumber(held[3] or '0'), held[4] or '0-0', held[5] or '0-0'
local last = ARGV[4]
-- The owner has read more than the server knows of.
if last ~= read and is_after(last, read) then
  return {'lost', commits}
end

local removed, single = 0, tonumber(ARGV[8])
if ARGV[7] ~= '' then removed = call('XTRIM', mail, 'MINID', ARGV[7]) end
if single > 0 then
  removed = removed + call('XDEL', mail, unpack(ARGV, 9, 8 + single))
  call('HDEL', KEYS[3], unpack(ARGV, 9, 8 + single))
end
local sender = 11 + single
while ARGV[sender] do
  local answers, size = ARGV[9 + single] .. ARGV[sender], tonumber(ARGV[sender + 1])
  call('HSET', answers, unpack(ARGV, sender + 2, sender + 1 + size))
  call('PEXPIRE', answers, ARGV[10 + single])
  sender = sender + 2 + size
end
commits = commits + removed

local count, bytes = tonumber(ARGV[5]), tonumber(ARGV[6])
local tries, result, has_more = {}, {}, 0
-- A few at first, as they may be large.
local step, is_over = 16, count == 0
while not is_over do
  local limit = math.min(step, count)
  local entries = call('XRANGE', mail, '(' .. last, '+', 'COUNT', limit)
  is_over = #entries < limit
  for k = 1, #entries do
    local id, fields = entries[k][1], entries[k][2]
    -- Anybody who can write to the server may have stored something else.
    local message = fields[1] == 'm' and fields[2] or ''
    if #result > 0 and #message > bytes then
      has_more, is_over = 1, true
      break
    end
    last, bytes, count = id, bytes - #message, count - 1
    result[#result + 1] = id
    result[#result + 1] = message
  end
  if count == 0 then has_more, is_over = 1, true end
  step = step * 2
end
-- Of a message that a former owner may have begun without a word, one attempt counts.
local counted = held[6] or '0-0'
if begun ~= '0-0' or counted ~= '0-0' then
  for k = 1, #result, 2 do
    local is_new = is_after(result[k], begun)
    if is_new and is_after(result[k], counted) then break end
    tries[#tries + 1] = tonumber(call('HGET', KEYS[3], result[k]) or is_new and '0' or '1')
  end
end
if last == read or not is_after(last, read) then last = read end
if removed > 0 or last ~= read then
  call('HSET', KEYS[2], 'commits', string.format('%d', commits), 'read', last)
end
return {'ok', commits, has_more, tries, result}
