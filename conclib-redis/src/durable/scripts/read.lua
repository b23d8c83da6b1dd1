-- Reads the messages after an id: the same ones again if the answer was lost. Tells of each the
-- number of attempts so far; the first one is counted here, as it may begin without a word.
-- ARGV: id, count, bytes.
local function parts(id)
  local time, number = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(time), tonumber(number)
end
local function is_after(id, other)
  local time, number = parts(id)
  local other_time, other_number = parts(other)
  return time > other_time or (time == other_time and number > other_number)
end
local read = redis.call('HGET', KEYS[2], 'read') or '0-0'
-- The owner has read more than the server knows of.
if is_after(ARGV[4], read) then
  return {'lost', tonumber(held[3] or '0')}
end
local count, bytes = tonumber(ARGV[5]), tonumber(ARGV[6])
local messages, last = {}, ARGV[4]
while #messages < count and bytes > 0 do
  -- A few at once, as they may be large.
  local entries = redis.call('XRANGE', KEYS[1], '(' .. last, '+', 'COUNT', math.min(8, count - #messages))
  if #entries == 0 then break end
  for _, entry in ipairs(entries) do
    local fields = {}
    for k = 1, #entry[2], 2 do fields[entry[2][k]] = entry[2][k + 1] end
    local message = fields['m'] or ''
    if #messages > 0 and #message > bytes then
      bytes = 0
      break
    end
    last, bytes = entry[1], bytes - #message
    local tries = 0
    if redis.call('HSETNX', KEYS[3], last, 1) == 0 then tries = tonumber(redis.call('HGET', KEYS[3], last)) end
    messages[#messages + 1] = {last, tries, fields['s'] or '', fields['n'] or '', message}
  end
end
if is_after(last, read) then redis.call('HSET', KEYS[2], 'read', last) end
return {'ok', tonumber(held[3] or '0'), messages}
