-- Stores messages of a sender, each once and in order.
-- KEYS: mail, meta, seen. ARGV: sender, number of the first message, maximum length of the mail,
-- 1 to skip numbers that are missing, lifetime of the numbers, channel of the owner, messages.
-- An empty message only takes its number.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local last = tonumber(redis.call('GET', KEYS[3]) or '0')
local first = tonumber(ARGV[2])
if first > last + 1 then
  if ARGV[4] ~= '1' then return {'gap', last, 0} end
  last = first - 1
end
local result, added = 'ok', 0
local room = tonumber(ARGV[3]) - redis.call('XLEN', KEYS[1])
for i = 7, #ARGV do
  local number = first + i - 7
  if number > last then
    if #ARGV[i] > 0 then
      if added >= room then result = 'full' break end
      redis.call('XADD', KEYS[1], '*', 's', ARGV[1], 'n', string.format('%d', number), 'm', ARGV[i])
      added = added + 1
    end
    last = number
  end
end
redis.call('SET', KEYS[3], string.format('%d', last), 'PX', ARGV[5])
local owners = 1
if added > 0 then
  redis.call('HINCRBY', KEYS[2], 'commits', added)
  redis.call('PERSIST', KEYS[2])
end
-- Messages that were stored already are told of again, as the sender may not have done so.
if #ARGV > 6 then
  owners = 0
  if tonumber(redis.call('HGET', KEYS[2], 'lease') or '0') > now then
    owners = redis.call('SPUBLISH', ARGV[6], '')
  end
end
return {result, last, owners}
